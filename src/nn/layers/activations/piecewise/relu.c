/* relu.c - rectified linear unit. */
#include "nn/layers/layer.h"

static void relu_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    l->kernels->relu_forward(shape_features(l->in[0]) * p->lanes, x[0], y);
}

static void relu_backward(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                          float *dy, float *const *dx)
{
    (void)x;
    if (dx[0]) l->kernels->relu_backward(shape_features(l->in[0]) * p->lanes, y, dy, dx[0]);
}

extern const struct layer_ops layer_relu;
const struct layer_ops layer_relu = {
    .name = "relu",
    .aliases = LAYER_ALIASES("ReLU"),
    .help = "max(x, 0), as torch.nn.ReLU",
    .plan = layer_plan_same,
    .forward = relu_forward,
    .backward = relu_backward,
    .keeps_output = true,
    .in_place = true,
    .is_relu = true,
};
