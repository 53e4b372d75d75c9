/* conv_transpose2d.c - 2-D transposed convolution. */
#include "nn/export/torch.h"
#include "nn/layers/convolutions/convolution.h"

static const struct arg args[] = {CONVOLUTION_TRANSPOSE_ARGS(2)};

static enum status conv_transpose2d_plan(struct layer *l)
{
    return convolution_transpose_plan(l, 2);
}

static const struct layer_torch torch = {
    .module = convolution_transpose_write_torch, .call = convolution_transpose_write_torch_call, .axes = 2};

extern const struct layer_ops layer_conv_transpose2d;
const struct layer_ops layer_conv_transpose2d = {
    .name = "conv_transpose2d",
    .aliases = LAYER_ALIASES("ConvTranspose2d"),
    .help = "2-D transposed convolution, as torch.nn.ConvTranspose2d",
    .args = args,
    .plan = conv_transpose2d_plan,
    .measure = convolution_transpose_measure,
    .forward = convolution_transpose_forward,
    .backward = convolution_transpose_backward,
    .torch = &torch,
    .onnx = convolution_transpose_onnx,
    .keeps_input = true,
    .fuses_relu = true,
    .sums_products = true,
};
