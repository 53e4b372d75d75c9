/* logsigmoid.c - logarithm of the sigmoid. */
#include "nn/export/torch.h"
#include "nn/layers/activations/activation.h"

static const struct activation logsigmoid_function = {.kind = ACTIVATION_LOGSIGMOID};

static void logsigmoid_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    activation_forward(l, p, logsigmoid_function, x[0], y);
}

static void logsigmoid_backward(const struct layer *l, const struct pass *p, const float *const *x,
                                const float *y, float *dy, float *const *dx)
{
    (void)y;
    activation_backward(l, p, logsigmoid_function, x[0], dy, dx[0]);
}

static const struct layer_torch torch = {.kind = "LogSigmoid"};

static int logsigmoid_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    (void)l;
    int negative = ONNX_NODE(g, "Neg", x[0]);
    return ONNX_NODE(g, "Neg", ONNX_NODE(g, "Softplus", negative));
}

extern const struct layer_ops layer_logsigmoid;
const struct layer_ops layer_logsigmoid = {
    .name = "logsigmoid",
    .aliases = LAYER_ALIASES("LogSigmoid"),
    .help = "log(1 / (1 + exp(-x))), as torch.nn.LogSigmoid",
    .plan = layer_plan_same,
    .forward = logsigmoid_forward,
    .backward = logsigmoid_backward,
    .torch = &torch,
    .onnx = logsigmoid_onnx,
    .keeps_input = true,
};
