/* adaptive_avgpool3d.c - mean over windows of a volume, for an output of a given size. */
#include "nn/export/torch.h"
#include "nn/layers/pooling/pool.h"

static const struct arg args[] = ADAPTIVE_ARGS(3);

static const struct layer_torch torch = {.module = adaptive_write_torch, .axes = 3};

extern const struct layer_ops layer_adaptive_avgpool3d;
const struct layer_ops layer_adaptive_avgpool3d = {
    .name = "adaptive_avgpool3d",
    .aliases = LAYER_ALIASES("AdaptiveAvgPool3d"),
    .help = "mean of windows that give an output of this size, as torch.nn.AdaptiveAvgPool3d",
    .args = args,
    .plan = adaptive_plan,
    .forward = adaptive_forward_mean,
    .backward = adaptive_backward_mean,
    .torch = &torch,
    .onnx = adaptive_onnx_mean,
};
