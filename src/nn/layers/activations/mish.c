/* mish.c - self-regularized activation. */
#include "nn/export/torch.h"
#include "nn/layers/activations/activation.h"

static const struct activation mish_function = {.kind = ACTIVATION_MISH};

static void mish_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    activation_forward(l, p, mish_function, x[0], y);
}

static void mish_backward(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                          float *dy, float *const *dx)
{
    (void)y;
    activation_backward(l, p, mish_function, x[0], dy, dx[0]);
}

static const struct layer_torch torch = {.kind = "Mish"};

static int mish_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    (void)l;
    return ONNX_NODE(g, "Mish", x[0]);
}

extern const struct layer_ops layer_mish;
const struct layer_ops layer_mish = {
    .name = "mish",
    .aliases = LAYER_ALIASES("Mish"),
    .help = "x * tanh(log(1 + exp(x))), as torch.nn.Mish",
    .plan = layer_plan_same,
    .forward = mish_forward,
    .backward = mish_backward,
    .torch = &torch,
    .onnx = mish_onnx,
    .keeps_input = true,
};
