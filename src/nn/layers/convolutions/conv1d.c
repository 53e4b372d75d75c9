/* conv1d.c - 1-D convolution. */
#include "nn/export/torch.h"
#include "nn/layers/convolutions/convolution.h"

static const struct arg args[] = {CONVOLUTION_ARGS(1)};

static enum status conv1d_plan(struct layer *l)
{
    return convolution_plan(l, 1);
}

static const struct layer_torch torch = {
    .module = convolution_write_torch, .call = convolution_write_torch_call, .axes = 1};

extern const struct layer_ops layer_conv1d;
const struct layer_ops layer_conv1d = {
    .name = "conv1d",
    .aliases = LAYER_ALIASES("Conv1d"),
    .help = "1-D convolution, as torch.nn.Conv1d",
    .args = args,
    .plan = conv1d_plan,
    .measure = convolution_measure,
    .forward = convolution_forward,
    .backward = convolution_backward,
    .torch = &torch,
    .onnx = convolution_onnx,
    .keeps_input = true,
    .fuses_relu = true,
    .takes_maps = true,
    .sums_products = true,
};
