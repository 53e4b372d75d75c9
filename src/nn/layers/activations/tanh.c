#include "nn/layers/activations/activation.h"

static const struct activation activation = {.kind = ACTIVATION_TANH};

static void forward(const struct layer *l, const struct pass *p, const float *x, float *y)
{
    activation_forward(l, p, activation, x, y);
}

static void backward(const struct layer *l, const struct pass *p, const float *x, const float *y, float *dy,
                     float *dx)
{
    (void)x;
    activation_backward(l, p, activation, y, dy, dx);
}

extern const struct layer_ops layer_tanh;
const struct layer_ops layer_tanh = {
    .name = "tanh",
    .help = "hyperbolic tangent, as torch.nn.Tanh",
    .plan = activation_plan,
    .forward = forward,
    .backward = backward,
    .keeps_output = true,
    .in_place = true,
};
