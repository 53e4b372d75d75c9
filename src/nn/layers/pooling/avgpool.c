/* avgpool.c - the mean of windows, along any number of axes. */
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
