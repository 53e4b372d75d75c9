/* convolution.c - convolutions of any number of axes. */
#include "nn/layers/convolutions/convolution.h"

#include <math.h>
#include <stdio.h>

#include "core/mem.h"
#include "nn/export/onnx_spatial.h"

const char *const convolution_words[] = {"same", "valid", NULL};
const char *const convolution_modes[] = {"zeros", "reflect", "replicate", "circular", NULL};

#define PADDING_SAME  (-1)
#define PADDING_VALID (-2)

static const char *const axis_names[SHAPE_AXES] = {"depth", "height", "width"};

enum status convolution_check(const struct layer *l, int axes)
{
    int64_t out = (int64_t)l->args[CONVOLUTION_OUT], groups = (int64_t)l->args[CONVOLUTION_GROUPS];
    if (l->in[0].rank > axes) {
        char shape[SHAPE_TEXT];
        shape_text(l->in[0], shape);
        return status_fail(STATUS_CONFIG, "takes channels and %d spatial %s, but its input has shape %s",
                           axes, axes == 1 ? "axis" : "axes", shape);
    }
    if (l->in[0].c % groups == 0 && out % groups == 0) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "groups %lld must divide the %lld input and %lld output channels",
                       (long long)groups, (long long)l->in[0].c, (long long)out);
}

enum status convolution_add_tensors(struct layer *l, int axes, int64_t first, int64_t second)
{
    struct tensor weight = {.name = "weight", .rank = 2 + axes};
    double fan = (double)(second / (int64_t)l->args[CONVOLUTION_GROUPS]);
    weight.dims[0] = first;
    weight.dims[1] = (int64_t)fan;
    for (int i = 0; i < axes; i++) {
        weight.dims[2 + i] = (int64_t)l->args[CONVOLUTION_KERNEL + SHAPE_AXES - axes + i];
        fan *= (double)weight.dims[2 + i];
    }
    weight.init_bound = (float)(1 / sqrt(fan));
    TRY(layer_add_tensor(l, &weight));
    if (l->args[CONVOLUTION_BIAS] == 0) return STATUS_OK;
    return layer_add_tensor(l, &(struct tensor){.name = "bias",
                                                .dims = {(int64_t)l->args[CONVOLUTION_OUT]},
                                                .rank = 1,
                                                .init_bound = weight.init_bound});
}

struct window convolution_window(const struct layer *l, struct shape in)
{
    struct window w = {
        .in = in, .groups = (int64_t)l->args[CONVOLUTION_GROUPS], .products = l->kernels->products};
    for (int i = 0; i < SHAPE_AXES; i++) {
        w.kernel[i] = (int64_t)l->args[CONVOLUTION_KERNEL + i];
        w.stride[i] = (int64_t)l->args[CONVOLUTION_STRIDE + i];
        w.dilation[i] = (int64_t)l->args[CONVOLUTION_DILATION + i];
    }
    return w;
}

const float *convolution_bias(const struct layer *l, const struct pass *p)
{
    return l->tensor_count == 2 ? p->params + l->tensors[1].offset : NULL;
}

/* Padding of one axis; `same` puts what is over behind, as PyTorch does. */
static void convolution_pad_axis(const struct layer *l, int axis, int64_t *before, int64_t *after)
{
    const double *padding = &l->args[CONVOLUTION_PADDING + 2 * axis];
    int64_t covered =
        (int64_t)(l->args[CONVOLUTION_DILATION + axis] * (l->args[CONVOLUTION_KERNEL + axis] - 1));
    *before = padding[0] == PADDING_SAME    ? covered / 2
              : padding[0] == PADDING_VALID ? 0
                                            : (int64_t)padding[0];
    *after = padding[1] == PADDING_SAME    ? covered - covered / 2
             : padding[1] == PADDING_VALID ? 0
                                           : (int64_t)padding[1];
}

struct convolution convolution_of(const struct layer *l, int64_t lanes, int64_t leaves, const int64_t *live)
{
    struct convolution c = {.w = convolution_window(l, l->in[0]), .pad = {.in = l->in[0], .out = l->in[0]}};
    for (int i = 0; i < SHAPE_AXES; i++) {
        int64_t before, after;
        convolution_pad_axis(l, i, &before, &after);
        c.pad.mode[i] = (enum pad_mode)l->args[CONVOLUTION_MODE + i];
        if (c.pad.mode[i] == PAD_CONSTANT || (before == 0 && after == 0)) {
            c.w.pad_before[i] = before, c.w.pad_after[i] = after;
            continue;
        }
        c.pad.before[i] = before, c.pad.after[i] = after;
        c.pad.out.d[i] += before + after;
        c.pads = true;
    }
    c.w.in = c.pad.out;
    c.w.out = l->out;
    c.w.lanes = c.pad.lanes = lanes;
    c.w.leaves = leaves;
    c.w.live = live;
    c.w.any_lanes = l->lanes / l->leaves % 16 != 0;
    return c;
}

static enum status convolution_check_padding(const struct layer *l, const struct convolution *c)
{
    for (int i = 0; i < SHAPE_AXES; i++) {
        const double *padding = &l->args[CONVOLUTION_PADDING + 2 * i];
        if ((padding[0] == PADDING_SAME || padding[1] == PADDING_SAME) && c->w.stride[i] > 1)
            return status_fail(STATUS_CONFIG, "padding same needs stride 1 along the %s, not %lld",
                               axis_names[i], (long long)c->w.stride[i]);
        if (!pad_fits(&c->pad, i))
            return status_fail(STATUS_CONFIG,
                               "%s padding of %lld and %lld does not fit the %s %lld of the input",
                               convolution_modes[c->pad.mode[i]], (long long)c->pad.before[i],
                               (long long)c->pad.after[i], axis_names[i], (long long)c->pad.in.d[i]);
    }
    return STATUS_OK;
}

enum status convolution_plan(struct layer *l, int axes)
{
    TRY(convolution_check(l, axes));
    struct convolution c = convolution_of(l, l->lanes, l->leaves, NULL);
    int64_t out = (int64_t)l->args[CONVOLUTION_OUT];
    TRY(convolution_check_padding(l, &c));
    for (int i = 0; i < SHAPE_AXES; i++) {
        int64_t size =
            l->in[0].d[i] + c.w.pad_before[i] + c.w.pad_after[i] + c.pad.before[i] + c.pad.after[i];
        int64_t covered = (c.w.kernel[i] - 1) * c.w.dilation[i] + 1;
        if (covered > size)
            return status_fail(STATUS_CONFIG,
                               "kernel %lld%s does not fit into the %s of its input, %lld with padding",
                               (long long)c.w.kernel[i], c.w.dilation[i] > 1 ? " with its dilation" : "",
                               axis_names[i], (long long)size);
    }
    window_place(&c.w, out, axes);
    l->out = c.w.out;
    return convolution_add_tensors(l, axes, out, l->in[0].c);
}

/* Scratch: the padded input (or its gradient), then that of the kernels. */
static int64_t convolution_padded_floats(const struct convolution *c)
{
    return c->pads ? mem_round_floats(shape_features(c->w.in) * c->w.lanes) : 0;
}

void convolution_measure(struct layer *l)
{
    struct convolution c = convolution_of(l, l->lanes, l->leaves, NULL);
    int64_t floats = convolution_padded_floats(&c) + l->kernels->conv_scratch_floats(&c.w);
    l->scratch_bytes = (size_t)floats * sizeof(float);
    l->uses_blas = l->kernels->conv_uses_blas(&c.w);
}

void convolution_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    convolution_apply(l, p, p->params + l->tensors[0].offset, convolution_bias(l, p), x[0], y);
}

void convolution_apply(const struct layer *l, const struct pass *p, const float *weight, const float *bias,
                       const float *x, float *y)
{
    struct convolution c = convolution_of(l, p->lanes, p->leaves, p->live);
    struct finish finish = {.bias = bias, .relu = l->relu_out};
    float *padded = l->scratch, *scratch = padded + convolution_padded_floats(&c);
    if (c.pads) l->kernels->pad_forward(&c.pad, x, padded);
    l->kernels->conv_forward(&c.w, weight, c.pads ? padded : x, &finish, y, scratch);
}

void convolution_backward(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                          float *dy, float *const *dx)
{
    (void)y;
    struct convolution c = convolution_of(l, p->lanes, p->leaves, p->live);
    struct finish finish = {.mask = l->relu_in != 0 && !c.pads ? x[0] : NULL, .mask_limit = l->relu_in};
    float *padded = l->scratch, *scratch = padded + convolution_padded_floats(&c);
    if (c.pads) l->kernels->pad_forward(&c.pad, x[0], padded);
    l->kernels->conv_backward_weight(&c.w, c.pads ? padded : x[0], dy, p->grads + l->tensors[0].offset,
                                     scratch);
    if (l->tensor_count == 2)
        l->kernels->sum_rows(l->out.c, shape_positions(l->out), p->lanes, p->leaves, dy,
                             p->grads + l->tensors[1].offset);
    if (!dx[0]) return;
    l->kernels->conv_backward_data(&c.w, p->params + l->tensors[0].offset, dy, &finish,
                                   c.pads ? padded : dx[0], scratch);
    if (!c.pads) return;
    l->kernels->pad_backward(&c.pad, padded, dx[0]);
    if (l->relu_in != 0)
        l->kernels->relu_backward(shape_features(l->in[0]) * p->lanes, l->relu_in, x[0], dx[0], dx[0]);
}

/* The node that both kinds are, behind what gives the input as many axes as the output has. */
int convolution_onnx_node(const struct layer *l, struct onnx *g, const char *op, int x,
                          const struct window *w)
{
    int y = ONNX_NODE(g, op, x, onnx_parameter(g, l, 0),
                      l->tensor_count == 2 ? onnx_parameter(g, l, 1) : ONNX_NONE);
    onnx_set_window(g, w);
    onnx_set_int(g, "group", w->groups);
    return y;
}

int convolution_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    struct convolution c = convolution_of(l, 1, 1, NULL);
    c.pad.in.rank = c.pad.out.rank = l->out.rank;
    int padded = onnx_pad(g, onnx_reshape(g, x[0], l->in[0], c.pad.in), &c.pad);
    return convolution_onnx_node(l, g, "Conv", padded, &c.w);
}
