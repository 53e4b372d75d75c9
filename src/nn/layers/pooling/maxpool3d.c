/* maxpool3d.c - maximum over windows of a volume. */
#include "nn/export/torch.h"
#include "nn/layers/pooling/pool.h"

static const struct arg args[] = MAXPOOL_ARGS(3);

static const struct layer_torch torch = {
    .module = maxpool_write_torch, .call = maxpool_write_torch_call, .axes = 3};

extern const struct layer_ops layer_maxpool3d;
const struct layer_ops layer_maxpool3d = {
    .name = "maxpool3d",
    .aliases = LAYER_ALIASES("MaxPool3d"),
    .help = "maximum of a window, as torch.nn.MaxPool3d",
    .args = args,
    .plan = maxpool_plan,
    .measure = maxpool_measure,
    .forward = maxpool_forward,
    .backward = maxpool_backward,
    .torch = &torch,
    .onnx = maxpool_onnx,
    .is_max = true,
};
