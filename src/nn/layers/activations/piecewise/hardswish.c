/* hardswish.c - piecewise form of silu. */
#include "nn/export/torch.h"
#include "nn/layers/activations/activation.h"

static const struct activation hardswish_function = {.kind = ACTIVATION_HARDSWISH};

static void hardswish_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    activation_forward(l, p, hardswish_function, x[0], y);
}

static void hardswish_backward(const struct layer *l, const struct pass *p, const float *const *x,
                               const float *y, float *dy, float *const *dx)
{
    (void)y;
    activation_backward(l, p, hardswish_function, x[0], dy, dx[0]);
}

static const struct layer_torch torch = {.kind = "Hardswish"};

static int hardswish_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    (void)l;
    return ONNX_NODE(g, "HardSwish", x[0]);
}

extern const struct layer_ops layer_hardswish;
const struct layer_ops layer_hardswish = {
    .name = "hardswish",
    .aliases = LAYER_ALIASES("Hardswish"),
    .help = "x * min(max(x + 3, 0), 6) / 6, as torch.nn.Hardswish",
    .plan = layer_plan_same,
    .forward = hardswish_forward,
    .backward = hardswish_backward,
    .torch = &torch,
    .onnx = hardswish_onnx,
    .keeps_input = true,
};
