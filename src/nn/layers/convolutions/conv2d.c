/* conv2d.c - 2-D convolution. */
#include "nn/export/torch.h"
#include "nn/layers/convolutions/convolution.h"

static const struct arg args[] = {CONVOLUTION_ARGS(2)};

static enum status conv2d_plan(struct layer *l)
{
    return convolution_plan(l, 2);
}

static const struct layer_torch torch = {
    .module = convolution_write_torch, .call = convolution_write_torch_call, .axes = 2};

extern const struct layer_ops layer_conv2d;
const struct layer_ops layer_conv2d = {
    .name = "conv2d",
    .aliases = LAYER_ALIASES("Conv2d"),
    .help = "2-D convolution, as torch.nn.Conv2d",
    .args = args,
    .plan = conv2d_plan,
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
