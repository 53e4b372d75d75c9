/* activation.h - what the layers have in common that work on every element by itself. */
#ifndef NN_LAYERS_ACTIVATIONS_ACTIVATION_H
#define NN_LAYERS_ACTIVATIONS_ACTIVATION_H

#include "nn/export/onnx.h"
#include "nn/layers/layer.h"

static inline void activation_forward(const struct layer *l, const struct pass *p, struct activation f,
                                      const float *x, float *y)
{
    l->kernels->activation_forward(&f, shape_features(l->in[0]) * p->lanes, x, y);
}

/* kept: x or y, as the kernel wants it. */
static inline void activation_backward(const struct layer *l, const struct pass *p, struct activation f,
                                       const float *kept, const float *dy, float *dx)
{
    if (dx) l->kernels->activation_backward(&f, shape_features(l->in[0]) * p->lanes, kept, dy, dx);
}

/* Of layers that are a ReLU (layer_ops.relu). */
static inline void activation_relu_forward(const struct layer *l, const struct pass *p, const float *const *x,
                                           float *y)
{
    l->kernels->relu_forward(shape_features(l->in[0]) * p->lanes, l->ops->relu, x[0], y);
}

static inline void activation_relu_backward(const struct layer *l, const struct pass *p,
                                            const float *const *x, const float *y, float *dy,
                                            float *const *dx)
{
    (void)x;
    if (dx[0]) l->kernels->relu_backward(shape_features(l->in[0]) * p->lanes, l->ops->relu, y, dy, dx[0]);
}

#endif
