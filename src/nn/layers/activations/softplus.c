#include "nn/layers/activations/activation.h"

enum { BETA, THRESHOLD };
static const struct arg args[] = {
    {"beta", ARG_REAL, 1, 1e-6, 1e6, "how sharp the bend at 0 is"},
    {"threshold", ARG_REAL, 20, -1e6, 1e6, "beta x above which the result is x"},
    ARG_END,
};

static struct activation activation(const struct layer *l)
{
    return (struct activation){
        .kind = ACTIVATION_SOFTPLUS, .a = (float)l->args[BETA], .b = (float)l->args[THRESHOLD]};
}

static void forward(const struct layer *l, const struct pass *p, const float *x, float *y)
{
    activation_forward(l, p, activation(l), x, y);
}

static void backward(const struct layer *l, const struct pass *p, const float *x, const float *y, float *dy,
                     float *dx)
{
    (void)y;
    activation_backward(l, p, activation(l), x, dy, dx);
}

extern const struct layer_ops layer_softplus;
const struct layer_ops layer_softplus = {
    .name = "softplus",
    .help = "log(1 + exp(beta x)) / beta, and x where beta x > threshold, as torch.nn.Softplus",
    .args = args,
    .plan = activation_plan,
    .forward = forward,
    .backward = backward,
    .keeps_input = true,
};
