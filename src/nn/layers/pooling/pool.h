/* pool.h - arguments and shapes that all kinds of pooling share. */
#ifndef NN_LAYERS_POOLING_POOL_H
#define NN_LAYERS_POOLING_POOL_H

#include "nn/layers/window.h"

enum { POOL_KERNEL, POOL_STRIDE, POOL_PADDING };
static const struct arg pool_args[] = {
    {.name = "kernel",
     .kind = ARG_INT,
     .default_value = ARG_REQUIRED,
     .min = 1,
     .max = 15,
     .help = "height and width of the window"},
    {.name = "stride", .kind = ARG_INT, .max = 1024, .help = "stride of the window; 0 = kernel"},
    {.name = "padding",
     .kind = ARG_INT,
     .max = 7,
     .help = "implicit padding on both sides, at most half the kernel"},
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
