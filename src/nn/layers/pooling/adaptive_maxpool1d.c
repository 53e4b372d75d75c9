/* adaptive_maxpool1d.c - maximum over windows along a line, for an output of a given size. */
#include "nn/export/torch.h"
#include "nn/layers/pooling/pool.h"

static const struct arg args[] = ADAPTIVE_ARGS(1);

static const struct layer_torch torch = {.module = adaptive_write_torch, .axes = 1};

extern const struct layer_ops layer_adaptive_maxpool1d;
const struct layer_ops layer_adaptive_maxpool1d = {
    .name = "adaptive_maxpool1d",
    .aliases = LAYER_ALIASES("AdaptiveMaxPool1d"),
    .help = "maximum of windows that give an output of this size, as torch.nn.AdaptiveMaxPool1d",
    .args = args,
    .plan = adaptive_plan,
    .measure = adaptive_measure_max,
    .forward = adaptive_forward_max,
    .backward = adaptive_backward_max,
    .torch = &torch,
    .onnx = adaptive_onnx_max,
    .is_max = true,
};
