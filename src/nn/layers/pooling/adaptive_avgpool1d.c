/* adaptive_avgpool1d.c - mean over windows along a line, for an output of a given size. */
#include "nn/export/torch.h"
#include "nn/layers/pooling/pool.h"

static const struct arg args[] = ADAPTIVE_ARGS(1);

static const struct layer_torch torch = {.module = adaptive_write_torch, .axes = 1};

extern const struct layer_ops layer_adaptive_avgpool1d;
const struct layer_ops layer_adaptive_avgpool1d = {
    .name = "adaptive_avgpool1d",
    .aliases = LAYER_ALIASES("AdaptiveAvgPool1d"),
    .help = "mean of windows that give an output of this size, as torch.nn.AdaptiveAvgPool1d",
    .args = args,
    .plan = adaptive_plan,
    .forward = adaptive_forward_mean,
    .backward = adaptive_backward_mean,
    .torch = &torch,
    .onnx = adaptive_onnx_mean,
};
