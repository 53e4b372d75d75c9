/* avgpool2d.c - mean over windows of a plane. */
#include "nn/export/torch.h"
#include "nn/layers/pooling/pool.h"

static const struct arg args[] = AVGPOOL_ARGS(2);

static const struct layer_torch torch = {.module = pool_write_torch, .axes = 2};

extern const struct layer_ops layer_avgpool2d;
const struct layer_ops layer_avgpool2d = {
    .name = "avgpool2d",
    .aliases = LAYER_ALIASES("AvgPool2d"),
    .help = "mean of a window, as torch.nn.AvgPool2d",
    .args = args,
    .plan = avgpool_plan,
    .forward = avgpool_forward,
    .backward = avgpool_backward,
    .torch = &torch,
    .onnx = avgpool_onnx,
};
