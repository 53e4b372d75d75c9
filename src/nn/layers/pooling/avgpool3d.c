/* avgpool3d.c - mean over windows of a volume. */
#include "nn/export/torch.h"
#include "nn/layers/pooling/pool.h"

static const struct arg args[] = AVGPOOL_ARGS(3);

static const struct layer_torch torch = {.module = pool_write_torch, .axes = 3};

extern const struct layer_ops layer_avgpool3d;
const struct layer_ops layer_avgpool3d = {
    .name = "avgpool3d",
    .aliases = LAYER_ALIASES("AvgPool3d"),
    .help = "mean of a window, as torch.nn.AvgPool3d",
    .args = args,
    .plan = avgpool_plan,
    .forward = avgpool_forward,
    .backward = avgpool_backward,
    .torch = &torch,
    .onnx = avgpool_onnx,
};
