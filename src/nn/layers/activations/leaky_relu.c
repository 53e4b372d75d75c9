#include "nn/layers/activations/activation.h"

enum { NEGATIVE_SLOPE };
static const struct arg args[] = {
    {"negative_slope", ARG_REAL, 0.01, 0, 1e6, "factor of negative elements"},
    ARG_END,
};

static struct activation activation(const struct layer *l)
{
    return (struct activation){.kind = ACTIVATION_LEAKY_RELU, .a = (float)l->args[NEGATIVE_SLOPE]};
}

static void forward(const struct layer *l, const struct pass *p, const float *x, float *y)
{
    activation_forward(l, p, activation(l), x, y);
}

static void backward(const struct layer *l, const struct pass *p, const float *x, const float *y, float *dy,
                     float *dx)
{
    (void)x;
    activation_backward(l, p, activation(l), y, dy, dx);
}

extern const struct layer_ops layer_leaky_relu;
const struct layer_ops layer_leaky_relu = {
    .name = "leaky_relu",
    .help = "x, and negative_slope x below 0, as torch.nn.LeakyReLU",
    .args = args,
    .plan = activation_plan,
    .forward = forward,
    .backward = backward,
    .keeps_output = true,
    .in_place = true,
};
