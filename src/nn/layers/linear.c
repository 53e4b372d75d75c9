#include <assert.h>
#include <math.h>

#include "math/blas.h"
#include "math/kernels.h"
#include "nn/layers/layer.h"

enum { OUT, BIAS };
static const struct arg args[] = {
    {"out", ARG_INT, ARG_REQUIRED, 1, 1 << 24, "output features"},
    {"bias", ARG_BOOL, 1, 0, 1, "add a learned bias"},
    ARG_END,
};

static struct linear linear_shape(const struct layer *l, int64_t lanes, int64_t leaves)
{
    return (struct linear){.in = shape_features(l->in), .out = l->out.c, .lanes = lanes, .leaves = leaves};
}

static enum status plan(struct layer *l)
{
    int64_t in = shape_features(l->in), out = (int64_t)l->args[OUT];
    l->out = shape_flat(out);
    float bound = (float)(1 / sqrt((double)in));
    l->tensors[l->tensor_count++] =
        (struct tensor){.name = "weight", .dims = {out, in}, .rank = 2, .init_bound = bound};
    if (l->args[BIAS] != 0)
        l->tensors[l->tensor_count++] =
            (struct tensor){.name = "bias", .dims = {out}, .rank = 1, .init_bound = bound};
    struct linear shape = linear_shape(l, l->lanes, l->leaves);
    l->scratch_bytes = (size_t)kernels->linear_scratch_floats(&shape) * sizeof(float);
    return STATUS_OK;
}

/* Our own products read W in place and keep a panel of the lanes in cache. When one virtual rank alone has more lanes
 * than that is good for, sgemm's packing pays. The rule must not depend on how many virtual ranks share a pass. */
static bool is_wide(const struct linear *shape)
{
    return shape->lanes / shape->leaves > LAYER_WIDE_LANES;
}

static void forward(const struct layer *l, const struct pass *p, const float *x, float *y)
{
    struct linear shape = linear_shape(l, p->lanes, p->leaves);
    const float *weight = p->params + l->tensors[0].offset;
    const float *bias = l->tensor_count == 2 ? p->params + l->tensors[1].offset : NULL;
    if (!is_wide(&shape)) {
        kernels->linear_forward(&shape, weight, bias, x, y);
        return;
    }
    assert(p->leaves == 1);
    for (int64_t i = 0; bias && i < shape.out * p->lanes; i++) y[i] = bias[i / p->lanes];
    blas_gemm(false, false, shape.out, p->lanes, shape.in, weight, x, bias ? 1 : 0, y);
}

static void backward(const struct layer *l, const struct pass *p, const float *x, const float *y, float *dy,
                     float *dx)
{
    (void)y;
    struct linear shape = linear_shape(l, p->lanes, p->leaves);
    const float *weight = p->params + l->tensors[0].offset;
    float *dweight = p->grads + l->tensors[0].offset;
    if (l->tensor_count == 2)
        kernels->sum_rows(shape.out, 1, p->lanes, p->leaves, dy, p->grads + l->tensors[1].offset);
    if (is_wide(&shape)) {
        assert(p->leaves == 1);
        blas_gemm(false, true, shape.out, shape.in, p->lanes, dy, x, 0, dweight);
        if (dx) blas_gemm(true, false, shape.in, p->lanes, shape.out, weight, dy, 0, dx);
        return;
    }
    kernels->linear_backward_weight(&shape, x, dy, dweight, l->scratch);
    if (dx) kernels->linear_backward_data(&shape, weight, dy, dx);
}

extern const struct layer_ops layer_linear;
const struct layer_ops layer_linear = {
    .name = "linear",
    .help = "y = W x + b over the flattened features, as torch.nn.Linear",
    .args = args,
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .keeps_input = true,
    .sums_products = true,
};
