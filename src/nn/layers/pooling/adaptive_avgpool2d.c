/* adaptive_avgpool2d.c - mean over windows of a plane, for an output of a given size. */
#include "nn/export/torch.h"
#include "nn/layers/pooling/pool.h"

static const struct arg args[] = ADAPTIVE_ARGS(2);

static const struct layer_torch torch = {.module = adaptive_write_torch, .axes = 2};

extern const struct layer_ops layer_adaptive_avgpool2d;
const struct layer_ops layer_adaptive_avgpool2d = {
    .name = "adaptive_avgpool2d",
    .aliases = LAYER_ALIASES("AdaptiveAvgPool2d"),
    .help = "mean of windows that give an output of this size, as torch.nn.AdaptiveAvgPool2d",
    .args = args,
    .plan = adaptive_plan,
    .forward = adaptive_forward_mean,
    .backward = adaptive_backward_mean,
    .torch = &torch,
    .onnx = adaptive_onnx_mean,
};
