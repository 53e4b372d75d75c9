/* relu6.c - ReLU that is limited at 6. */
#include "nn/export/torch.h"
#include "nn/layers/activations/activation.h"

static const struct layer_torch torch = {.kind = "ReLU6"};

static int relu6_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    int low = onnx_scalar(g, 0), high = onnx_scalar(g, l->ops->relu);
    return ONNX_NODE(g, "Clip", x[0], low, high);
}

extern const struct layer_ops layer_relu6;
const struct layer_ops layer_relu6 = {
    .name = "relu6",
    .aliases = LAYER_ALIASES("ReLU6"),
    .help = "min(max(x, 0), 6), as torch.nn.ReLU6",
    .plan = layer_plan_same,
    .forward = activation_relu_forward,
    .backward = activation_relu_backward,
    .torch = &torch,
    .onnx = relu6_onnx,
    .keeps_output = true,
    .in_place = true,
    .relu = 6,
};
