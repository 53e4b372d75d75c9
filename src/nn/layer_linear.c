#include <math.h>
#include <string.h>

#include "ddp/blas.h"
#include "ddp/kernels.h"
#include "ddp/layer.h"

enum { OUT, BIAS };
static const struct arg args[] = {
    {"out", ARG_INT, ARG_REQUIRED, 1, 1 << 24, "output features"},
    {"bias", ARG_BOOL, 1, 0, 1, "add a learned bias"},
    ARG_END,
};

static enum status plan(struct layer *l)
{
    int64_t in = shape_features(l->in), out = (int64_t)l->args[OUT];
    l->out = (struct shape){out, 1, 1};
    float bound = (float)(1 / sqrt((double)in));
    l->tensors[l->tensor_count++] =
        (struct tensor){.name = "weight", .dims = {out, in}, .rank = 2, .init_bound = bound};
    if (l->args[BIAS] != 0)
        l->tensors[l->tensor_count++] =
            (struct tensor){.name = "bias", .dims = {out}, .rank = 1, .init_bound = bound};
    return STATUS_OK;
}

/* Y[out][N] = W[out][in] X[in][N] + b */
static void forward(const struct layer *l, const struct pass *p, const float *x, float *y)
{
    bool bias = l->tensor_count == 2;
    if (bias) kernels->fill_rows(l->out.c, p->lanes, p->params + l->tensors[1].offset, y);
    blas_gemm(false, false, l->out.c, p->lanes, shape_features(l->in), p->params + l->tensors[0].offset, x,
              bias ? 1 : 0, y);
}

/* dW = dY X^T, db = row sums of dY, dX = W^T dY */
static void backward(const struct layer *l, const struct pass *p, const float *x, const float *y, float *dy,
                     float *dx)
{
    (void)y;
    int64_t in = shape_features(l->in), out = l->out.c;
    blas_gemm(false, true, out, in, p->lanes, dy, x, 0, p->grads + l->tensors[0].offset);
    if (l->tensor_count == 2) kernels->sum_rows(out, p->lanes, dy, p->grads + l->tensors[1].offset);
    if (dx) blas_gemm(true, false, in, p->lanes, out, p->params + l->tensors[0].offset, dy, 0, dx);
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
};
