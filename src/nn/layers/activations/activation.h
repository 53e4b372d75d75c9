/* activation.h - what the layers have in common that work on every element by itself. */
#ifndef NN_LAYERS_ACTIVATIONS_ACTIVATION_H
#define NN_LAYERS_ACTIVATIONS_ACTIVATION_H

#include "math/kernels.h"
#include "nn/layers/layer.h"

static inline enum status activation_plan(struct layer *l)
{
    l->out = l->in;
    return STATUS_OK;
}

static inline void activation_forward(const struct layer *l, const struct pass *p, struct activation f,
                                      const float *x, float *y)
{
    kernels->activation_forward(&f, shape_features(l->in) * p->lanes, x, y);
}

/* kept: x or y, as the kernel wants it. */
static inline void activation_backward(const struct layer *l, const struct pass *p, struct activation f,
                                       const float *kept, const float *dy, float *dx)
{
    if (dx) kernels->activation_backward(&f, shape_features(l->in) * p->lanes, kept, dy, dx);
}

#endif
