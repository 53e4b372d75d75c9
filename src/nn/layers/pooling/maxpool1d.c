/* maxpool1d.c - maximum over windows along a line. */
#include "nn/export/torch.h"
#include "nn/layers/pooling/pool.h"

static const struct arg args[] = MAXPOOL_ARGS(1);

static const struct layer_torch torch = {
    .module = maxpool_write_torch, .call = maxpool_write_torch_call, .axes = 1};

extern const struct layer_ops layer_maxpool1d;
const struct layer_ops layer_maxpool1d = {
    .name = "maxpool1d",
    .aliases = LAYER_ALIASES("MaxPool1d"),
    .help = "maximum of a window, as torch.nn.MaxPool1d",
    .args = args,
    .plan = maxpool_plan,
    .measure = maxpool_measure,
    .forward = maxpool_forward,
    .backward = maxpool_backward,
    .torch = &torch,
    .onnx = maxpool_onnx,
    .is_max = true,
};
