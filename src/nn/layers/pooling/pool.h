/* pool.h - arguments and shapes that all kinds of pooling share. */
#ifndef NN_LAYERS_POOLING_POOL_H
#define NN_LAYERS_POOLING_POOL_H

#include "nn/layers/window.h"

enum { POOL_KERNEL, POOL_STRIDE, POOL_PADDING };
static const struct arg pool_args[] = {
    {"kernel", ARG_INT, ARG_REQUIRED, 1, 15, "height and width of the window"},
    {"stride", ARG_INT, 0, 0, 1024, "stride of the window; 0 = kernel"},
    {"padding", ARG_INT, 0, 0, 7, "implicit padding on both sides, at most half the kernel"},
    ARG_END,
};

static inline struct window pool_window(const struct layer *l, int64_t lanes)
{
    int64_t kernel = (int64_t)l->args[POOL_KERNEL], stride = (int64_t)l->args[POOL_STRIDE];
    return window_of(l, kernel, stride ? stride : kernel, (int64_t)l->args[POOL_PADDING], lanes, 1);
}

static inline enum status pool_plan(struct layer *l)
{
    struct window w = pool_window(l, l->lanes);
    int64_t kernel = w.kernel[AXIS_H], padding = w.pad_before[AXIS_H];
    if (2 * padding > kernel)
        return status_fail(STATUS_CONFIG, "padding %lld is more than half the kernel %lld",
                           (long long)padding, (long long)kernel);
    return window_plan(l, kernel, w.stride[AXIS_H], padding, l->in[0].c, &l->out);
}

#endif
