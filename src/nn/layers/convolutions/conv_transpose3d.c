/* conv_transpose3d.c - 3-D transposed convolution. */
#include "nn/export/torch.h"
#include "nn/layers/convolutions/convolution.h"

static const struct arg args[] = {CONVOLUTION_TRANSPOSE_ARGS(3)};

static enum status conv_transpose3d_plan(struct layer *l)
{
    return convolution_transpose_plan(l, 3);
}

static const struct layer_torch torch = {
    .module = convolution_transpose_write_torch, .call = convolution_transpose_write_torch_call, .axes = 3};

extern const struct layer_ops layer_conv_transpose3d;
const struct layer_ops layer_conv_transpose3d = {
    .name = "conv_transpose3d",
    .aliases = LAYER_ALIASES("ConvTranspose3d"),
    .help = "3-D transposed convolution, as torch.nn.ConvTranspose3d",
    .args = args,
    .plan = conv_transpose3d_plan,
    .measure = convolution_transpose_measure,
    .forward = convolution_transpose_forward,
    .backward = convolution_transpose_backward,
    .torch = &torch,
    .onnx = convolution_transpose_onnx,
    .keeps_input = true,
    .fuses_relu = true,
    .sums_products = true,
};
