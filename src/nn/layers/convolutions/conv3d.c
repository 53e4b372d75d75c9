/* conv3d.c - 3-D convolution. */
#include "nn/export/torch.h"
#include "nn/layers/convolutions/convolution.h"

static const struct arg args[] = {CONVOLUTION_ARGS(3)};

static enum status conv3d_plan(struct layer *l)
{
    return convolution_plan(l, 3);
}

static const struct layer_torch torch = {
    .module = convolution_write_torch, .call = convolution_write_torch_call, .axes = 3};

extern const struct layer_ops layer_conv3d;
const struct layer_ops layer_conv3d = {
    .name = "conv3d",
    .aliases = LAYER_ALIASES("Conv3d"),
    .help = "3-D convolution, as torch.nn.Conv3d",
    .args = args,
    .plan = conv3d_plan,
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
