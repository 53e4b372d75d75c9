/* maxpool.c - the maximum of windows, along any number of axes. */
#include <math.h>
#include <string.h>

#include "nn/export/onnx_spatial.h"
#include "nn/export/torch.h"
#include "nn/layers/pooling/pool.h"

enum { DILATION = POOL_OTHERS, CEIL = DILATION + SHAPE_AXES };

static struct pool maxpool_describe(const struct layer *l, int64_t lanes)
{
    struct pool p = pool_describe(l, lanes);
    for (int i = 0; i < SHAPE_AXES; i++) p.window.dilation[i] = (int64_t)l->args[DILATION + i];
    return p;
}

enum status maxpool_plan(struct layer *l)
{
    struct pool p = maxpool_describe(l, l->lanes);
    return pool_plan_windows(l, &p, l->args[CEIL] != 0);
}

void maxpool_measure(struct layer *l)
{
    struct pool p = maxpool_describe(l, l->lanes);
    pool_measure_max(l, &p);
}

void maxpool_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    struct pool pool = maxpool_describe(l, p->lanes);
    l->kernels->maxpool_forward(&pool, x[0], y, l->saved);
}

void maxpool_backward(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                      float *dy, float *const *dx)
{
    (void)x, (void)y;
    struct pool pool = maxpool_describe(l, p->lanes);
    if (dx[0]) l->kernels->maxpool_backward(&pool, l->saved, dy, dx[0]);
}

/* Padding not smaller than the kernel, as dilation allows it, is a node of its own: runtimes refuse it. */
int maxpool_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    struct pool pool = maxpool_describe(l, 1);
    struct window w = pool_exact_window(&pool);
    struct pad pad = {.in = w.in, .out = w.in, .value = -INFINITY};
    int padded = pool_onnx_input(l, g, x);
    pad.in.rank = pad.out.rank = l->out.rank;
    for (int i = 0; i < SHAPE_AXES; i++) {
        if (w.pad_before[i] < w.kernel[i] && w.pad_after[i] < w.kernel[i]) continue;
        pad.before[i] = w.pad_before[i], pad.after[i] = w.pad_after[i];
        pad.out.d[i] += pad.before[i] + pad.after[i];
        w.pad_before[i] = w.pad_after[i] = 0;
    }
    int y = ONNX_NODE(g, "MaxPool", onnx_pad(g, padded, &pad));
    onnx_set_window(g, &w);
    return y;
}

/* torch's module pads by half of its kernel at most, whatever the dilation; beyond that F.pad does. */
static bool maxpool_pads_apart(const struct layer *l)
{
    struct pool p = maxpool_describe(l, 1);
    bool apart = false;
    for (int i = 0; i < SHAPE_AXES; i++) apart = apart || 2 * p.window.pad_before[i] > p.window.kernel[i];
    return apart;
}

void maxpool_write_torch(const struct layer *l, FILE *out)
{
    if (!maxpool_pads_apart(l)) {
        pool_write_torch(l, out);
        return;
    }
    struct pool p = maxpool_describe(l, 1);
    int axes = torch_axes(l);
    fprintf(out, "nn.%s(", l->ops->aliases[0]);
    torch_write_axes(out, axes, p.window.kernel);
    fputs(", stride=", out);
    torch_write_axes(out, axes, p.window.stride);
    fputs(", dilation=", out);
    torch_write_axes(out, axes, p.window.dilation);
    fputc(')', out);
}

void maxpool_write_torch_call(const struct layer *l, const struct torch_call *c)
{
    struct pool p = maxpool_describe(l, 1);
    bool apart = maxpool_pads_apart(l);
    struct window w = pool_exact_window(&p);
    struct pad pad = {.in = w.in, .value = -INFINITY};
    memcpy(pad.before, w.pad_before, sizeof pad.before);
    memcpy(pad.after, w.pad_after, sizeof pad.after);
    fprintf(c->out, "%s(", c->module);
    if (apart) torch_open_pad(c->out, &pad);
    torch_write_input(l, c);
    if (apart) torch_close_pad(c->out, &pad, torch_axes(l));
    fputc(')', c->out);
}
