/* dropout.h - random zeros in training, of elements or of many elements together. */
#ifndef NN_LAYERS_DROPOUT_DROPOUT_H
#define NN_LAYERS_DROPOUT_DROPOUT_H

#include <string.h>

#include "nn/export/onnx.h"
#include "nn/layers/layer.h"

/* The one argument, in slot 0. */
#define DROPOUT_ARGS(what)                                                                                   \
    {                                                                                                        \
        {.name = "p", .kind = ARG_REAL, .default_value = 0.5, .max = 0.999, .help = "probability of " what}, \
            ARG_END                                                                                          \
    }

/* Saved: a bit for each of the features that are drawn, which divide the elements of a sample. */
static inline void dropout_measure_features(struct layer *l, int64_t features)
{
    l->saved_bytes = (size_t)((features * l->lanes + 15) / 16) * sizeof(uint16_t);
}

/* The draw depends on the positions of the samples in the global batch. */
static inline struct dropout_draw dropout_describe(const struct layer *l, const struct pass *p,
                                                   int64_t features)
{
    return (struct dropout_draw){.seed = p->seed,
                                 .step = p->step,
                                 .layer = (uint32_t)l->index,
                                 .first_samples = p->first_samples,
                                 .leaves = p->leaves,
                                 .features = features,
                                 .together = shape_features(l->in[0]) / features,
                                 .lanes = p->lanes,
                                 .p = (float)l->args[0]};
}

static inline void dropout_run(const struct layer *l, const struct pass *p, int64_t features, const float *x,
                               float *y)
{
    struct dropout_draw draw = dropout_describe(l, p, features);
    if (p->training && draw.p > 0)
        l->kernels->dropout_forward(&draw, x, y, l->saved);
    else if (y != x)
        memcpy(y, x, (size_t)(shape_features(l->in[0]) * p->lanes) * sizeof *y);
}

static inline void dropout_run_backward(const struct layer *l, const struct pass *p, int64_t features,
                                        const float *dy, float *dx)
{
    struct dropout_draw draw = dropout_describe(l, p, features);
    if (!dx) return;
    if (draw.p > 0)
        l->kernels->dropout_backward(&draw, l->saved, dy, dx);
    else if (dx != dy)
        memcpy(dx, dy, (size_t)(shape_features(l->in[0]) * p->lanes) * sizeof *dx);
}

/* channels.c: whole channels. */
enum status dropout_plan_channels(struct layer *l);
void dropout_measure_channels(struct layer *l);
void dropout_forward_channels(const struct layer *l, const struct pass *p, const float *const *x, float *y);
void dropout_backward_channels(const struct layer *l, const struct pass *p, const float *const *x,
                               const float *y, float *dy, float *const *dx);

#endif
