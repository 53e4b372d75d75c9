/* log_softmax.c - logarithm of the softmax over the channels. */
#include "nn/export/torch.h"
#include "nn/layers/activations/activation.h"

static void log_softmax_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    l->kernels->log_softmax_forward(l->in[0].c, shape_positions(l->in[0]) * p->lanes, x[0], y);
}

static void log_softmax_backward(const struct layer *l, const struct pass *p, const float *const *x,
                                 const float *y, float *dy, float *const *dx)
{
    (void)x;
    if (dx[0])
        l->kernels->log_softmax_backward(l->in[0].c, shape_positions(l->in[0]) * p->lanes, y, dy, dx[0]);
}

static const struct layer_torch torch = {.kind = "LogSoftmax", .arguments = "dim=1"};

static int log_softmax_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    (void)l;
    int y = ONNX_NODE(g, "LogSoftmax", x[0]);
    onnx_set_int(g, "axis", 1);
    return y;
}

extern const struct layer_ops layer_log_softmax;
const struct layer_ops layer_log_softmax = {
    .name = "log_softmax",
    .aliases = LAYER_ALIASES("LogSoftmax"),
    .help = "log of the softmax over the channels at each position, as torch.nn.LogSoftmax(dim=1)",
    .plan = layer_plan_same,
    .forward = log_softmax_forward,
    .backward = log_softmax_backward,
    .torch = &torch,
    .onnx = log_softmax_onnx,
    .keeps_output = true,
    .ranges = RANGE_BIT(RANGE_LOG_PROBABILITIES),
    .in_place = true,
};
