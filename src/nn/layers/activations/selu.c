/* selu.c - scaled exponential linear unit. */
#include "nn/export/torch.h"
#include "nn/layers/activations/activation.h"

static const struct activation selu_function = {.kind = ACTIVATION_SELU};

static void selu_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    activation_forward(l, p, selu_function, x[0], y);
}

static void selu_backward(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                          float *dy, float *const *dx)
{
    (void)x;
    activation_backward(l, p, selu_function, y, dy, dx[0]);
}

static const struct layer_torch torch = {.kind = "SELU"};

static int selu_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    (void)l;
    return ONNX_NODE(g, "Selu", x[0]);
}

extern const struct layer_ops layer_selu;
const struct layer_ops layer_selu = {
    .name = "selu",
    .aliases = LAYER_ALIASES("SELU"),
    .help = "1.0507 * (x for x > 0, else 1.6733 * (exp(x) - 1)), as torch.nn.SELU",
    .plan = layer_plan_same,
    .forward = selu_forward,
    .backward = selu_backward,
    .torch = &torch,
    .onnx = selu_onnx,
    .keeps_output = true,
    .in_place = true,
};
