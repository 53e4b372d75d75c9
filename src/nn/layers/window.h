/* window.h - the output shape of layers that slide a square window, as PyTorch computes it (floor mode). */
#ifndef NN_LAYERS_WINDOW_H
#define NN_LAYERS_WINDOW_H

#include "nn/layers/layer.h"

/* Errors: STATUS_CONFIG when the window is larger than the padded input. */
static inline enum status window_plan(const struct layer *l, int64_t kernel, int64_t stride, int64_t padding,
                                      int64_t out_channels, struct shape *out)
{
    struct window w = window_even(l->in[0], 2, kernel, stride, padding);
    if (l->in[0].rank == 3) {
        char shape[SHAPE_TEXT];
        shape_text(l->in[0], shape);
        return status_fail(STATUS_CONFIG, "takes channels, height and width, but its input has shape %s",
                           shape);
    }
    if (!window_place(&w, out_channels, 2))
        return status_fail(STATUS_CONFIG,
                           "kernel %lld does not fit into its input of %lldx%lld (padding %lld)",
                           (long long)kernel, (long long)l->in[0].d[AXIS_H], (long long)l->in[0].d[AXIS_W],
                           (long long)padding);
    *out = w.out;
    return STATUS_OK;
}

/* For passes of `lanes` lanes in `leaves` virtual ranks. */
static inline struct window window_of(const struct layer *l, int64_t kernel, int64_t stride, int64_t padding,
                                      int64_t lanes, int64_t leaves)
{
    struct window w = window_even(l->in[0], 2, kernel, stride, padding);
    w.out = l->out, w.lanes = lanes, w.leaves = leaves;
    return w;
}

#endif
