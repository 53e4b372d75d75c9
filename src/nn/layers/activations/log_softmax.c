#include "nn/layers/activations/activation.h"

static void forward(const struct layer *l, const struct pass *p, const float *x, float *y)
{
    kernels->log_softmax_forward(l->in.c, shape_positions(l->in) * p->lanes, x, y);
}

static void backward(const struct layer *l, const struct pass *p, const float *x, const float *y, float *dy,
                     float *dx)
{
    (void)x;
    if (dx) kernels->log_softmax_backward(l->in.c, shape_positions(l->in) * p->lanes, y, dy, dx);
}

extern const struct layer_ops layer_log_softmax;
const struct layer_ops layer_log_softmax = {
    .name = "log_softmax",
    .help = "logarithm of softmax, as torch.nn.LogSoftmax(dim=1)",
    .plan = activation_plan,
    .forward = forward,
    .backward = backward,
    .keeps_output = true,
    .ranges = RANGE_BIT(RANGE_LOG_PROBABILITIES),
    .in_place = true,
};
