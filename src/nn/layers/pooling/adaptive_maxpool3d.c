/* adaptive_maxpool3d.c - maximum over windows of a volume, for an output of a given size. */
#include "nn/export/torch.h"
#include "nn/layers/pooling/pool.h"

static const struct arg args[] = ADAPTIVE_ARGS(3);

static const struct layer_torch torch = {.module = adaptive_write_torch, .axes = 3};

extern const struct layer_ops layer_adaptive_maxpool3d;
const struct layer_ops layer_adaptive_maxpool3d = {
    .name = "adaptive_maxpool3d",
    .aliases = LAYER_ALIASES("AdaptiveMaxPool3d"),
    .help = "maximum of windows that give an output of this size, as torch.nn.AdaptiveMaxPool3d",
    .args = args,
    .plan = adaptive_plan,
    .measure = adaptive_measure_max,
    .forward = adaptive_forward_max,
    .backward = adaptive_backward_max,
    .torch = &torch,
    .onnx = adaptive_onnx_max,
    .is_max = true,
};
