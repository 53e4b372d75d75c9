#include "math/kernels.h"
#include "nn/layers/layer.h"

static enum status plan(struct layer *l)
{
    l->out = l->in;
    return STATUS_OK;
}

static void forward(const struct layer *l, const struct pass *p, const float *x, float *y)
{
    kernels->relu_forward(shape_features(l->in) * p->lanes, x, y);
}

static void backward(const struct layer *l, const struct pass *p, const float *x, const float *y, float *dy,
                     float *dx)
{
    (void)x;
    if (dx) kernels->relu_backward(shape_features(l->in) * p->lanes, y, dy, dx);
}

extern const struct layer_ops layer_relu;
const struct layer_ops layer_relu = {
    .name = "relu",
    .help = "max(x, 0), as torch.nn.ReLU",
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .keeps_output = true,
    .in_place = true,
    .is_relu = true,
};
