/* relu6.c - ReLU that is limited at 6. */
#include "nn/export/torch.h"
#include "nn/layers/activations/activation.h"

static const struct layer_torch torch = {.kind = "ReLU6"};

extern const struct layer_ops layer_relu6;
const struct layer_ops layer_relu6 = {
    .name = "relu6",
    .aliases = LAYER_ALIASES("ReLU6"),
    .help = "min(max(x, 0), 6), as torch.nn.ReLU6",
    .plan = layer_plan_same,
    .forward = activation_relu_forward,
    .backward = activation_relu_backward,
    .torch = &torch,
    .keeps_output = true,
    .in_place = true,
    .relu = 6,
};
