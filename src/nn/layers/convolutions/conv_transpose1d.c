/* conv_transpose1d.c - 1-D transposed convolution. */
#include "nn/export/torch.h"
#include "nn/layers/convolutions/convolution.h"

static const struct arg args[] = {CONVOLUTION_TRANSPOSE_ARGS(1)};

static enum status conv_transpose1d_plan(struct layer *l)
{
    return convolution_transpose_plan(l, 1);
}

static const struct layer_torch torch = {
    .module = convolution_transpose_write_torch, .call = convolution_transpose_write_torch_call, .axes = 1};

extern const struct layer_ops layer_conv_transpose1d;
const struct layer_ops layer_conv_transpose1d = {
    .name = "conv_transpose1d",
    .aliases = LAYER_ALIASES("ConvTranspose1d"),
    .help = "1-D transposed convolution, as torch.nn.ConvTranspose1d",
    .args = args,
    .plan = conv_transpose1d_plan,
    .measure = convolution_transpose_measure,
    .forward = convolution_transpose_forward,
    .backward = convolution_transpose_backward,
    .torch = &torch,
    .onnx = convolution_transpose_onnx,
    .keeps_input = true,
    .fuses_relu = true,
    .sums_products = true,
};
