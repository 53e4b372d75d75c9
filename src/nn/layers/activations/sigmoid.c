#include "nn/layers/activations/activation.h"

static const struct activation activation = {.kind = ACTIVATION_SIGMOID};

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

extern const struct layer_ops layer_sigmoid;
const struct layer_ops layer_sigmoid = {
    .name = "sigmoid",
    .help = "1 / (1 + exp(-x)), as torch.nn.Sigmoid",
    .plan = activation_plan,
    .forward = forward,
    .backward = backward,
    .keeps_output = true,
    .ranges = RANGE_BIT(RANGE_PROBABILITIES),
    .in_place = true,
};
