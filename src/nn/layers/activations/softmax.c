/* softmax.c - softmax over the channels. */
#include "nn/export/torch.h"
#include "nn/layers/activations/activation.h"

static void softmax_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    l->kernels->softmax_forward(l->in[0].c, shape_positions(l->in[0]) * p->lanes, x[0], y);
}

static void softmax_backward(const struct layer *l, const struct pass *p, const float *const *x,
                             const float *y, float *dy, float *const *dx)
{
    (void)x;
    if (dx[0]) l->kernels->softmax_backward(l->in[0].c, shape_positions(l->in[0]) * p->lanes, y, dy, dx[0]);
}

static const struct layer_torch torch = {.kind = "Softmax", .arguments = "dim=1"};

static int softmax_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    (void)l;
    int y = ONNX_NODE(g, "Softmax", x[0]);
    onnx_set_int(g, "axis", 1);
    return y;
}

extern const struct layer_ops layer_softmax;
const struct layer_ops layer_softmax = {
    .name = "softmax",
    .aliases = LAYER_ALIASES("Softmax"),
    .help = "softmax over the channels at each position, as torch.nn.Softmax(dim=1)",
    .plan = layer_plan_same,
    .forward = softmax_forward,
    .backward = softmax_backward,
    .torch = &torch,
    .onnx = softmax_onnx,
    .keeps_output = true,
    .ranges = RANGE_BIT(RANGE_PROBABILITIES),
    .in_place = true,
};
