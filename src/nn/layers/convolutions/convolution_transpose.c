/* convolution_transpose.c - transposed convolutions of any number of axes: the convolution from the output to
 * the input, its data gradient as the forward pass and its forward pass as the data gradient. */
#include "nn/export/onnx_spatial.h"
#include "nn/layers/convolutions/convolution.h"

/* From l->out, which may not be set yet, to l->in[0]. */
static struct window transpose_window(const struct layer *l, int64_t lanes, int64_t leaves,
                                      const int64_t *live)
{
    struct window w = convolution_window(l, l->out);
    for (int i = 0; i < SHAPE_AXES; i++) {
        w.pad_before[i] = (int64_t)l->args[CONVOLUTION_PADDING + 2 * i];
        w.pad_after[i] = (int64_t)l->args[CONVOLUTION_PADDING + 2 * i + 1];
    }
    w.out = l->in[0];
    w.transposed = true;
    w.lanes = lanes, w.leaves = leaves, w.live = live;
    w.any_lanes = l->lanes / l->leaves % 16 != 0;
    return w;
}

enum status convolution_transpose_plan(struct layer *l, int axes)
{
    TRY(convolution_check(l, axes));
    struct window w = transpose_window(l, l->lanes, l->leaves, NULL);
    l->out = (struct shape){(int64_t)l->args[CONVOLUTION_OUT], axes, {1, 1, 1}};
    for (int i = SHAPE_AXES - axes; i < SHAPE_AXES; i++) {
        int64_t more = (int64_t)l->args[CONVOLUTION_MODE + i];
        if (more > 0 && more >= w.stride[i] && more >= w.dilation[i])
            return status_fail(STATUS_CONFIG,
                               "output_padding %lld must be less than stride %lld or dilation %lld",
                               (long long)more, (long long)w.stride[i], (long long)w.dilation[i]);
        l->out.d[i] = (w.out.d[i] - 1) * w.stride[i] + (w.kernel[i] - 1) * w.dilation[i] + 1 + more -
                      w.pad_before[i] - w.pad_after[i];
        if (l->out.d[i] < 1)
            return status_fail(STATUS_CONFIG, "padding %lld and %lld leaves nothing of the output",
                               (long long)w.pad_before[i], (long long)w.pad_after[i]);
    }
    return convolution_add_tensors(l, axes, l->in[0].c, l->out.c);
}

void convolution_transpose_measure(struct layer *l)
{
    struct window w = transpose_window(l, l->lanes, l->leaves, NULL);
    l->scratch_bytes = (size_t)l->kernels->conv_scratch_floats(&w) * sizeof(float);
    l->uses_blas = l->kernels->conv_uses_blas(&w);
}

void convolution_transpose_forward(const struct layer *l, const struct pass *p, const float *const *x,
                                   float *y)
{
    struct window w = transpose_window(l, p->lanes, p->leaves, p->live);
    struct finish finish = {.bias = convolution_bias(l, p), .relu = l->relu_out};
    l->kernels->conv_backward_data(&w, p->params + l->tensors[0].offset, x[0], &finish, y, l->scratch);
}

void convolution_transpose_backward(const struct layer *l, const struct pass *p, const float *const *x,
                                    const float *y, float *dy, float *const *dx)
{
    (void)y;
    struct window w = transpose_window(l, p->lanes, p->leaves, p->live);
    struct finish finish = {.mask = l->relu_in != 0 ? x[0] : NULL, .mask_limit = l->relu_in};
    l->kernels->conv_backward_weight(&w, dy, x[0], p->grads + l->tensors[0].offset, l->scratch);
    if (l->tensor_count == 2)
        l->kernels->sum_rows(l->out.c, shape_positions(l->out), p->lanes, p->leaves, dy,
                             p->grads + l->tensors[1].offset);
    if (dx[0]) l->kernels->conv_forward(&w, p->params + l->tensors[0].offset, dy, &finish, dx[0], l->scratch);
}

/* Runtimes take less output_padding than the stride only. What is cut off behind is taken back first; then a zero more of
 * the input is a stride more of the output. */
int convolution_transpose_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    struct window w = transpose_window(l, 1, 1, NULL);
    struct pad zeros = {.in = l->in[0], .out = l->in[0]};
    int64_t more[SHAPE_AXES];
    int rank = w.out.rank = zeros.in.rank = zeros.out.rank = l->out.rank;
    for (int i = SHAPE_AXES - rank, k = 0; i < SHAPE_AXES; i++, k++) {
        more[k] = (int64_t)l->args[CONVOLUTION_MODE + i];
        int64_t back = more[k] < w.pad_after[i] ? more[k] : w.pad_after[i];
        w.pad_after[i] -= back;
        zeros.after[i] = (more[k] - back) / w.stride[i];
        zeros.out.d[i] += zeros.after[i];
        more[k] = (more[k] - back) % w.stride[i];
    }
    int padded = onnx_pad(g, onnx_reshape(g, x[0], l->in[0], zeros.in), &zeros);
    int y = convolution_onnx_node(l, g, "ConvTranspose", padded, &w);
    onnx_set_ints(g, "output_padding", rank, more);
    return y;
}
