/* pool.c - windows from arguments, and the shapes that follow. */
#include "nn/layers/pooling/pool.h"

#include "nn/export/onnx_spatial.h"

static int pool_axes(const struct layer *l)
{
    return l->ops->args[0].axes;
}

struct pool pool_describe(const struct layer *l, int64_t lanes)
{
    struct pool p = {.window = {.in = l->in[0], .out = l->out, .lanes = lanes, .leaves = 1}};
    for (int i = 0; i < SHAPE_AXES; i++) {
        int64_t stride = (int64_t)l->args[POOL_STRIDE + i];
        p.window.kernel[i] = (int64_t)l->args[POOL_KERNEL + i];
        p.window.stride[i] = stride ? stride : p.window.kernel[i];
        p.window.dilation[i] = 1;
        p.window.pad_before[i] = p.window.pad_after[i] = (int64_t)l->args[POOL_PADDING + i];
    }
    return p;
}

static enum status pool_check_axis(const struct pool *p, int axis)
{
    const struct window *w = &p->window;
    int64_t covered = (w->kernel[axis] - 1) * w->dilation[axis] + 1, padding = w->pad_before[axis];
    if (2 * padding > covered)
        return status_fail(STATUS_CONFIG, "padding %lld is more than half of the %lld that the kernel covers",
                           (long long)padding, (long long)covered);
    return STATUS_OK;
}

static enum status pool_check_windows(const struct pool *p)
{
    for (int i = 0; i < SHAPE_AXES; i++)
        if (!pool_is_never_empty(p, i))
            return status_fail(
                STATUS_CONFIG,
                "dilation %lld leaves windows without an element of the input, whose size is %lld",
                (long long)p->window.dilation[i], (long long)p->window.in.d[i]);
    if (pool_taps(p) <= INT32_MAX) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "a window of %lld elements is too large", (long long)pool_taps(p));
}

enum status pool_plan_windows(struct layer *l, struct pool *p, bool ceil)
{
    char shape[SHAPE_TEXT];
    shape_text(l->in[0], shape);
    if (l->in[0].rank > pool_axes(l))
        return status_fail(STATUS_CONFIG, "takes channels and %d axes, but its input has shape %s",
                           pool_axes(l), shape);
    for (int i = 0; i < SHAPE_AXES; i++) TRY(pool_check_axis(p, i));
    if (!pool_place(p, ceil, l->in[0].c, pool_axes(l)))
        return status_fail(STATUS_CONFIG, "the kernel does not fit into its input, whose shape is %s", shape);
    l->out = p->window.out;
    return pool_check_windows(p);
}

void pool_measure_max(struct layer *l, const struct pool *p)
{
    l->saved_bytes = (size_t)(shape_features(l->out) * l->lanes * pool_position_bytes(p));
}

/* The stride of an axis is the kernel where it is 0. */
void pool_write_torch_class(const struct layer *l, FILE *out)
{
    struct pool p = pool_describe(l, l->lanes);
    fprintf(out, "%s(", l->ops->aliases[0]);
    torch_write_axes(out, pool_axes(l), p.window.kernel);
    if (!arg_equals(&l->ops->args[1], l->args + POOL_STRIDE, 0)) {
        fputs(", stride=", out);
        torch_write_axes(out, pool_axes(l), p.window.stride);
    }
    torch_write_arguments(l, 2, ARG_MAX, out);
    fputc(')', out);
}

void pool_write_torch(const struct layer *l, FILE *out)
{
    fputs("nn.", out);
    pool_write_torch_class(l, out);
}

int pool_onnx_input(const struct layer *l, struct onnx *g, const int *x)
{
    struct shape in = l->in[0];
    in.rank = l->out.rank;
    return onnx_reshape(g, x[0], l->in[0], in);
}

struct window pool_exact_window(const struct pool *p)
{
    struct window w = p->window;
    for (int i = 0; i < SHAPE_AXES; i++) {
        int64_t covered = (w.kernel[i] - 1) * w.dilation[i] + 1;
        int64_t beyond = (w.out.d[i] - 1) * w.stride[i] + covered - w.pad_before[i] - w.in.d[i];
        w.pad_after[i] = beyond > 0 ? beyond : 0;
    }
    return w;
}
