/* silu.c - sigmoid linear unit. */
#include "nn/export/torch.h"
#include "nn/layers/activations/activation.h"

static const struct activation silu_function = {.kind = ACTIVATION_SILU};

static void silu_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    activation_forward(l, p, silu_function, x[0], y);
}

static void silu_backward(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                          float *dy, float *const *dx)
{
    (void)y;
    activation_backward(l, p, silu_function, x[0], dy, dx[0]);
}

static const struct layer_torch torch = {.kind = "SiLU"};

static int silu_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    (void)l;
    return ONNX_NODE(g, "Mul", x[0], ONNX_NODE(g, "Sigmoid", x[0]));
}

extern const struct layer_ops layer_silu;
const struct layer_ops layer_silu = {
    .name = "silu",
    .aliases = LAYER_ALIASES("SiLU"),
    .help = "x / (1 + exp(-x)), as torch.nn.SiLU",
    .plan = layer_plan_same,
    .forward = silu_forward,
    .backward = silu_backward,
    .torch = &torch,
    .onnx = silu_onnx,
    .keeps_input = true,
};
