/* adaptive.c - windows whose size follows from that of the output. */
#include "nn/layers/pooling/pool.h"

static struct pool adaptive_describe(const struct layer *l, int64_t lanes)
{
    struct pool p = {.window = window_even(l->in[0], 0, 1, 1, 0), .adaptive = true};
    p.window.out = l->out, p.window.lanes = lanes;
    return p;
}

static enum status adaptive_check(const struct layer *l)
{
    struct pool p = adaptive_describe(l, l->lanes);
    if (pool_taps(&p) <= INT32_MAX) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "a window of %lld elements is too large", (long long)pool_taps(&p));
}

enum status adaptive_plan(struct layer *l)
{
    int axes = l->ops->args[0].axes;
    if (l->in[0].rank > axes) {
        char shape[SHAPE_TEXT];
        shape_text(l->in[0], shape);
        return status_fail(STATUS_CONFIG, "takes channels and %d axes, but its input has shape %s", axes,
                           shape);
    }
    l->out = l->in[0];
    l->out.rank = axes;
    for (int i = 0; i < SHAPE_AXES; i++)
        if (l->args[i] != 0) l->out.d[i] = (int64_t)l->args[i];
    return adaptive_check(l);
}

enum status adaptive_plan_global(struct layer *l)
{
    l->out = shape_flat(l->in[0].c);
    return adaptive_check(l);
}

void adaptive_measure_max(struct layer *l)
{
    struct pool p = adaptive_describe(l, l->lanes);
    pool_measure_max(l, &p);
}

void adaptive_forward_max(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    struct pool pool = adaptive_describe(l, p->lanes);
    l->kernels->maxpool_forward(&pool, x[0], y, l->saved);
}

void adaptive_backward_max(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                           float *dy, float *const *dx)
{
    (void)x, (void)y;
    struct pool pool = adaptive_describe(l, p->lanes);
    if (dx[0]) l->kernels->maxpool_backward(&pool, l->saved, dy, dx[0]);
}

void adaptive_forward_mean(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    struct pool pool = adaptive_describe(l, p->lanes);
    l->kernels->avgpool_forward(&pool, x[0], y);
}

void adaptive_backward_mean(const struct layer *l, const struct pass *p, const float *const *x,
                            const float *y, float *dy, float *const *dx)
{
    (void)x, (void)y;
    struct pool pool = adaptive_describe(l, p->lanes);
    if (dx[0]) l->kernels->avgpool_backward(&pool, dy, dx[0]);
}

void adaptive_write_torch(const struct layer *l, FILE *out)
{
    fprintf(out, "nn.%s(", l->ops->aliases[0]);
    torch_write_axes(out, torch_axes(l), l->out.d);
    fputc(')', out);
}
