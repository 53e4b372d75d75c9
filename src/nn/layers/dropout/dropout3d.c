/* dropout3d.c - random channels of a volume that are zero, in training. */
#include "nn/export/torch.h"
#include "nn/layers/dropout/dropout.h"

static const struct arg args[] = DROPOUT_ARGS("a channel to be zeroed");

static const struct layer_torch torch = {.kind = "Dropout3d"};

extern const struct layer_ops layer_dropout3d;
const struct layer_ops layer_dropout3d = {
    .name = "dropout3d",
    .aliases = LAYER_ALIASES("Dropout3d"),
    .help =
        "in training zeroes whole channels with probability p and scales the rest by 1/(1-p), as torch.nn.Dropout3d",
    .args = args,
    .plan = dropout_plan_channels,
    .measure = dropout_measure_channels,
    .forward = dropout_forward_channels,
    .backward = dropout_backward_channels,
    .torch = &torch,
    .onnx = onnx_same,
    .in_place = true,
};
