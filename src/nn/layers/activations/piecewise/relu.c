/* relu.c - rectified linear unit. */
#include "nn/export/torch.h"
#include "nn/layers/activations/activation.h"

static const struct layer_torch torch = {.kind = "ReLU"};

extern const struct layer_ops layer_relu;
const struct layer_ops layer_relu = {
    .name = "relu",
    .aliases = LAYER_ALIASES("ReLU"),
    .help = "max(x, 0), as torch.nn.ReLU",
    .plan = layer_plan_same,
    .forward = activation_relu_forward,
    .backward = activation_relu_backward,
    .torch = &torch,
    .keeps_output = true,
    .in_place = true,
    .relu = RELU_UNLIMITED,
};
