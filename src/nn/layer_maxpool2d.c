#include "nn/window.h"

enum { KERNEL, STRIDE, PADDING };
static const struct arg args[] = {
    {"kernel", ARG_INT, ARG_REQUIRED, 1, 15, "height and width of the window"},
    {"stride", ARG_INT, 0, 0, 1024, "step of the window; 0 = the kernel"},
    {"padding", ARG_INT, 0, 0, 7, "cells around the input, at most half the kernel"},
    ARG_END,
};

static struct window window(const struct layer *l)
{
    int64_t kernel = (int64_t)l->args[KERNEL], stride = (int64_t)l->args[STRIDE];
    return window_of(l, kernel, stride ? stride : kernel, (int64_t)l->args[PADDING]);
}

static enum status plan(struct layer *l)
{
    struct window w = window(l);
    if (2 * w.padding > w.kernel)
        return status_fail(STATUS_CONFIG, "padding %lld is more than half the kernel %lld",
                           (long long)w.padding, (long long)w.kernel);
    TRY(window_plan(l, w.kernel, w.stride, w.padding, l->in.c, &l->out));
    l->saved_bytes = (size_t)(shape_features(l->out) * l->lanes);
    return STATUS_OK;
}

static void forward(const struct layer *l, const struct pass *p, const float *x, float *y)
{
    (void)p;
    struct window w = window(l);
    kernels->maxpool_forward(&w, x, y, l->saved);
}

static void backward(const struct layer *l, const struct pass *p, const float *x, const float *y, float *dy,
                     float *dx)
{
    (void)p, (void)x, (void)y;
    struct window w = window(l);
    if (dx) kernels->maxpool_backward(&w, l->saved, dy, dx);
}

extern const struct layer_ops layer_maxpool2d;
const struct layer_ops layer_maxpool2d = {
    .name = "maxpool2d",
    .help = "maximum of a square window, as torch.nn.MaxPool2d",
    .args = args,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
