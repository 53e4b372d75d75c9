/* linear.c - fully connected layer. */
#include <assert.h>
#include <math.h>

#include "math/blas.h"
#include "nn/export/onnx.h"
#include "nn/export/torch.h"
#include "nn/layers/layer.h"

#define WIDE_LANES 256

enum { OUT, BIAS, POSITIONS };
static const struct arg args[] = {
    {.name = "out",
     .kind = ARG_INT,
     .default_value = ARG_REQUIRED,
     .min = 1,
     .max = 1 << 24,
     .help = "output features",
     .alias = "out_features"},
    {.name = "bias", .kind = ARG_BOOL, .default_value = 1, .help = "add a learnable bias"},
    {.name = "positions",
     .kind = ARG_BOOL,
     .later = true,
     .help = "the same layer at every position, over its channels; false: one layer over all features"},
    ARG_END,
};

static struct linear linear_shape(const struct layer *l, int64_t lanes, int64_t leaves)
{
    return (struct linear){.in = shape_features(l->in[0]), .out = l->out.c, .lanes = lanes, .leaves = leaves};
}

/* The same as a convolution of a window of one element, at every position or over the flattened features. */
static struct window linear_window(const struct layer *l, int64_t lanes, int64_t leaves)
{
    bool positions = l->args[POSITIONS] != 0;
    struct window w = window_even(positions ? l->in[0] : shape_flat(shape_features(l->in[0])), 0, 1, 1, 0);
    w.out = l->out;
    w.lanes = lanes, w.leaves = leaves;
    w.products = l->kernels->products;
    return w;
}

static enum status linear_plan(struct layer *l)
{
    bool positions = l->args[POSITIONS] != 0;
    int64_t in = positions ? l->in[0].c : shape_features(l->in[0]), out = (int64_t)l->args[OUT];
    l->out = positions ? l->in[0] : shape_flat(out);
    l->out.c = out;
    float bound = (float)(1 / sqrt((double)in));
    TRY(layer_add_tensor(
        l, &(struct tensor){.name = "weight", .dims = {out, in}, .rank = 2, .init_bound = bound}));
    if (l->args[BIAS] == 0) return STATUS_OK;
    return layer_add_tensor(l,
                            &(struct tensor){.name = "bias", .dims = {out}, .rank = 1, .init_bound = bound});
}

/* Own products read W in place and keep a panel of the lanes in cache. When one virtual rank alone has more
 * lanes than that is good for, sgemm's packing pays. The rule must not depend on how many virtual ranks share
 * a pass. */
static bool linear_is_wide(const struct linear *shape)
{
    return shape->lanes / shape->leaves > WIDE_LANES;
}

static bool linear_is_convolution(const struct layer *l)
{
    return l->args[POSITIONS] != 0 || l->kernels->products != PRODUCTS_AUTO;
}

static void linear_measure(struct layer *l)
{
    struct linear shape = linear_shape(l, l->lanes, l->leaves);
    struct window w = linear_window(l, l->lanes, l->leaves);
    bool convolves = linear_is_convolution(l);
    int64_t floats =
        convolves ? l->kernels->conv_scratch_floats(&w) : l->kernels->linear_scratch_floats(&shape);
    l->scratch_bytes = (size_t)floats * sizeof(float);
    l->uses_blas = convolves ? l->kernels->conv_uses_blas(&w) : linear_is_wide(&shape);
}

static void linear_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    struct linear shape = linear_shape(l, p->lanes, p->leaves);
    const float *weight = p->params + l->tensors[0].offset;
    const float *bias = l->tensor_count == 2 ? p->params + l->tensors[1].offset : NULL;
    if (linear_is_convolution(l)) {
        struct window w = linear_window(l, p->lanes, p->leaves);
        l->kernels->conv_forward(&w, weight, x[0], &(struct finish){.bias = bias}, y, l->scratch);
        return;
    }
    if (!linear_is_wide(&shape)) {
        l->kernels->linear_forward(&shape, weight, bias, x[0], y);
        return;
    }
    assert(p->leaves == 1);
    for (int64_t i = 0; bias && i < shape.out * p->lanes; i++) y[i] = bias[i / p->lanes];
    blas_gemm(false, false, shape.out, p->lanes, shape.in, weight, x[0], bias ? 1 : 0, y);
}

static void linear_backward(const struct layer *l, const struct pass *p, const float *const *x,
                            const float *y, float *dy, float *const *dx)
{
    (void)y;
    struct linear shape = linear_shape(l, p->lanes, p->leaves);
    const float *weight = p->params + l->tensors[0].offset;
    float *dweight = p->grads + l->tensors[0].offset;
    if (l->tensor_count == 2)
        l->kernels->sum_rows(l->out.c, shape_positions(l->out), p->lanes, p->leaves, dy,
                             p->grads + l->tensors[1].offset);
    if (linear_is_convolution(l)) {
        struct window w = linear_window(l, p->lanes, p->leaves);
        l->kernels->conv_backward_weight(&w, x[0], dy, dweight, l->scratch);
        if (dx[0]) l->kernels->conv_backward_data(&w, weight, dy, &(struct finish){0}, dx[0], l->scratch);
        return;
    }
    if (linear_is_wide(&shape)) {
        assert(p->leaves == 1);
        blas_gemm(false, true, shape.out, shape.in, p->lanes, dy, x[0], 0, dweight);
        if (dx[0]) blas_gemm(true, false, shape.in, p->lanes, shape.out, weight, dy, 0, dx[0]);
        return;
    }
    l->kernels->linear_backward_weight(&shape, x[0], dy, dweight, l->scratch);
    if (dx[0]) l->kernels->linear_backward_data(&shape, weight, dy, dx[0]);
}

static void linear_write_torch(const struct layer *l, FILE *out)
{
    fprintf(out, "nn.Linear(%lld, %lld%s)", (long long)l->tensors[0].dims[1],
            (long long)l->tensors[0].dims[0], l->args[BIAS] != 0 ? "" : ", bias=False");
}

/* torch's works on the last axis. */
static void linear_write_torch_call(const struct layer *l, const struct torch_call *c)
{
    const char *form = l->in[0].rank == 0        ? "%s(%s)"
                       : l->args[POSITIONS] != 0 ? "%s(%s.movedim(1, -1)).movedim(-1, 1)"
                                                 : "%s(%s.flatten(1))";
    fprintf(c->out, form, c->module, c->inputs[0]);
}

static const struct layer_torch torch = {.module = linear_write_torch, .call = linear_write_torch_call};

static int linear_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    bool positions = l->args[POSITIONS] != 0 && l->in[0].rank > 0;
    int64_t window[2 + SHAPE_AXES] = {l->out.c, l->in[0].c, 1, 1, 1};
    int bias = l->tensor_count == 2 ? onnx_parameter(g, l, 1) : ONNX_NONE;
    if (positions)
        return ONNX_NODE(g, "Conv", x[0], onnx_parameter_as(g, l, 0, 2 + l->in[0].rank, window), bias);
    int flat = onnx_reshape(g, x[0], l->in[0], shape_flat(shape_features(l->in[0])));
    int y = ONNX_NODE(g, "Gemm", flat, onnx_parameter(g, l, 0), bias);
    onnx_set_int(g, "transB", 1);
    return y;
}

extern const struct layer_ops layer_linear;
const struct layer_ops layer_linear = {
    .name = "linear",
    .aliases = LAYER_ALIASES("Linear"),
    .help =
        "y = W x + b over the flattened features or over the channels of each position, as torch.nn.Linear",
    .args = args,
    .plan = linear_plan,
    .measure = linear_measure,
    .forward = linear_forward,
    .backward = linear_backward,
    .torch = &torch,
    .onnx = linear_onnx,
    .keeps_input = true,
    .sums_products = true,
};
