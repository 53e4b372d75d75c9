/* maxpool2d.c - maximum over windows of a plane. */
#include "nn/export/torch.h"
#include "nn/layers/pooling/pool.h"

static const struct arg args[] = MAXPOOL_ARGS(2);

static const struct layer_torch torch = {
    .module = maxpool_write_torch, .call = maxpool_write_torch_call, .axes = 2};

extern const struct layer_ops layer_maxpool2d;
const struct layer_ops layer_maxpool2d = {
    .name = "maxpool2d",
    .aliases = LAYER_ALIASES("MaxPool2d"),
    .help = "maximum of a window, as torch.nn.MaxPool2d",
    .args = args,
    .plan = maxpool_plan,
    .measure = maxpool_measure,
    .forward = maxpool_forward,
    .backward = maxpool_backward,
    .torch = &torch,
    .onnx = maxpool_onnx,
    .is_max = true,
};
