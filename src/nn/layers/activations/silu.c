#include "nn/layers/activations/activation.h"

static const struct activation activation = {.kind = ACTIVATION_SILU};

static void forward(const struct layer *l, const struct pass *p, const float *x, float *y)
{
    activation_forward(l, p, activation, x, y);
}

static void backward(const struct layer *l, const struct pass *p, const float *x, const float *y, float *dy,
                     float *dx)
{
    (void)y;
    activation_backward(l, p, activation, x, dy, dx);
}

extern const struct layer_ops layer_silu;
const struct layer_ops layer_silu = {
    .name = "silu",
    .help = "x / (1 + exp(-x)), as torch.nn.SiLU",
    .plan = activation_plan,
    .forward = forward,
    .backward = backward,
    .keeps_input = true,
};
