/* window.h - the output shape of layers that slide a square window, as PyTorch computes it (floor mode). */
#ifndef NN_LAYERS_WINDOW_H
#define NN_LAYERS_WINDOW_H

#include "math/kernels.h"
#include "nn/layers/layer.h"

/* Errors: STATUS_CONFIG when the window is larger than the padded input. */
static inline enum status window_plan(const struct layer *l, int64_t kernel, int64_t stride, int64_t padding,
                                      int64_t out_channels, struct shape *out)
{
    int64_t height = l->in.d[AXIS_H], width = l->in.d[AXIS_W];
    int64_t h = height + 2 * padding - kernel, w = width + 2 * padding - kernel;
    if (h < 0 || w < 0)
        return status_fail(STATUS_CONFIG,
                           "kernel %lld does not fit into its input of %lldx%lld (padding %lld)",
                           (long long)kernel, (long long)height, (long long)width, (long long)padding);
    *out = shape_2d(out_channels, h / stride + 1, w / stride + 1);
    return STATUS_OK;
}

/* For passes of `lanes` lanes in `leaves` virtual ranks. */
static inline struct window window_of(const struct layer *l, int64_t kernel, int64_t stride, int64_t padding,
                                      int64_t lanes, int64_t leaves)
{
    return (struct window){.in = l->in,
                           .out = l->out,
                           .kernel = kernel,
                           .stride = stride,
                           .padding = padding,
                           .lanes = lanes,
                           .leaves = leaves};
}

#endif
