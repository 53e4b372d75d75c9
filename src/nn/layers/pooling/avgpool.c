/* avgpool.c - the mean of windows, along any number of axes. */
#include "nn/export/onnx_spatial.h"
#include "nn/layers/pooling/pool.h"

enum { CEIL = POOL_OTHERS, COUNT_INCLUDE_PAD, DIVISOR_OVERRIDE };

static struct pool avgpool_describe(const struct layer *l, int64_t lanes)
{
    struct pool p = pool_describe(l, lanes);
    p.count_padding = l->args[COUNT_INCLUDE_PAD] != 0;
    p.divisor = (int64_t)l->args[DIVISOR_OVERRIDE];
    return p;
}

enum status avgpool_plan(struct layer *l)
{
    struct pool p = avgpool_describe(l, l->lanes);
    return pool_plan_windows(l, &p, l->args[CEIL] != 0);
}

void avgpool_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    struct pool pool = avgpool_describe(l, p->lanes);
    l->kernels->avgpool_forward(&pool, x[0], y);
}

void avgpool_backward(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                      float *dy, float *const *dx)
{
    (void)x, (void)y;
    struct pool pool = avgpool_describe(l, p->lanes);
    if (dx[0]) l->kernels->avgpool_backward(&pool, dy, dx[0]);
}

/* From a mean over all elements of the kernel to that over those that count, for every output of a channel. */
static int avgpool_onnx_factors(const struct layer *l, struct onnx *g, const struct pool *p)
{
    const int64_t *out = l->out.d;
    int64_t at = 0, taps = window_taps(&p->window);
    int rank = l->out.rank;
    float *factors;
    int id = onnx_new_floats(g, rank, out + SHAPE_AXES - rank, &factors);
    for (int64_t d = 0; factors && d < out[AXIS_D]; d++)
        for (int64_t h = 0; h < out[AXIS_H]; h++)
            for (int64_t w = 0; w < out[AXIS_W]; w++, at++) {
                int64_t elements = pool_span(p, AXIS_D, d).padded * pool_span(p, AXIS_H, h).padded *
                                   pool_span(p, AXIS_W, w).padded;
                factors[at] = (float)taps / (float)(p->divisor ? p->divisor : elements);
            }
    return id;
}

/* A divisor, and windows that reach beyond the padding, where elements count differently from one version of ONNX to
 * the next, are factors. */
int avgpool_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    struct pool pool = avgpool_describe(l, 1);
    struct window w = pool_exact_window(&pool);
    bool factors = pool.divisor > 0;
    for (int i = 0; i < SHAPE_AXES; i++)
        factors |= pool.count_padding && w.pad_after[i] > pool.window.pad_after[i];
    int y = ONNX_NODE(g, "AveragePool", pool_onnx_input(l, g, x));
    onnx_set_window(g, &w);
    onnx_set_int(g, "count_include_pad", factors || pool.count_padding);
    return factors ? ONNX_NODE(g, "Mul", y, avgpool_onnx_factors(l, g, &pool)) : y;
}
