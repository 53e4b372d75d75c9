/* relu.c - rectified linear unit. */
#include "nn/export/torch.h"
#include "nn/layers/activations/activation.h"

static const struct layer_torch torch = {.kind = "ReLU"};

static int relu_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    (void)l;
    return ONNX_NODE(g, "Relu", x[0]);
}

extern const struct layer_ops layer_relu;
const struct layer_ops layer_relu = {
    .name = "relu",
    .aliases = LAYER_ALIASES("ReLU"),
    .help = "max(x, 0), as torch.nn.ReLU",
    .plan = layer_plan_same,
    .forward = activation_relu_forward,
    .backward = activation_relu_backward,
    .torch = &torch,
    .onnx = relu_onnx,
    .keeps_output = true,
    .in_place = true,
    .relu = RELU_UNLIMITED,
};
