/* adaptive.c - windows whose size follows from that of the output. */
#include "nn/export/onnx_spatial.h"
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

/* The windows of one axis, of different sizes: each is as long as the longest, its last element repeated, which counts
 * only once: [outputs][longest]. */
static int adaptive_onnx_axis(const struct layer *l, struct onnx *g, int x, const struct pool *p, int i,
                              bool max)
{
    int axis = onnx_axis(l->out, i);
    int64_t out = p->window.out.d[i], longest = 0, *from;
    for (int64_t to = 0; to < out; to++)
        if (pool_span(p, i, to).count > longest) longest = pool_span(p, i, to).count;
    int64_t dims[1 + SHAPE_AXES] = {out, longest, 1, 1};
    int indices = onnx_new_ints(g, 2, dims, &from);
    for (int64_t k = 0; from && k < out * longest; k++) {
        struct pool_span s = pool_span(p, i, k / longest);
        from[k] = s.first + (k % longest < s.count ? k % longest : s.count - 1);
    }
    x = onnx_gather(g, x, axis, indices);
    if (!max) {
        float *shares;
        int factors = onnx_new_floats(g, 1 + SHAPE_AXES - i, dims, &shares);
        for (int64_t k = 0; shares && k < out * longest; k++) {
            struct pool_span s = pool_span(p, i, k / longest);
            shares[k] = k % longest < s.count ? 1 / (float)s.count : 0;
        }
        x = ONNX_NODE(g, "Mul", x, factors);
    }
    x = ONNX_NODE(g, max ? "ReduceMax" : "ReduceSum", x, onnx_ints(g, 1, &(int64_t){axis + 1}));
    onnx_set_int(g, "keepdims", 0);
    return x;
}

/* The mean or maximum over all positions. */
static int adaptive_onnx_global(const struct layer *l, struct onnx *g, int x, bool max)
{
    struct shape one = l->in[0];
    if (one.rank == 0) return x;
    for (int i = 0; i < SHAPE_AXES; i++) one.d[i] = 1;
    return onnx_reshape(g, ONNX_NODE(g, max ? "GlobalMaxPool" : "GlobalAveragePool", x), one, l->out);
}

static int adaptive_onnx(const struct layer *l, struct onnx *g, const int *x, bool max)
{
    struct pool p = adaptive_describe(l, 1);
    bool even = true;
    if (l->out.rank == 0) return adaptive_onnx_global(l, g, x[0], max);
    int y = pool_onnx_input(l, g, x);
    for (int i = 0; i < SHAPE_AXES; i++) {
        even &= l->in[0].d[i] % l->out.d[i] == 0;
        p.window.kernel[i] = p.window.stride[i] = l->in[0].d[i] / l->out.d[i];
    }
    if (even) {
        y = ONNX_NODE(g, max ? "MaxPool" : "AveragePool", y);
        onnx_set_window(g, &p.window);
        return y;
    }
    for (int i = SHAPE_AXES - l->out.rank; i < SHAPE_AXES; i++) y = adaptive_onnx_axis(l, g, y, &p, i, max);
    return y;
}

int adaptive_onnx_max(const struct layer *l, struct onnx *g, const int *x)
{
    return adaptive_onnx(l, g, x, true);
}

int adaptive_onnx_mean(const struct layer *l, struct onnx *g, const int *x)
{
    return adaptive_onnx(l, g, x, false);
}
