#include "nn/layers/pooling/pool.h"

static enum status plan(struct layer *l)
{
    TRY(pool_plan(l));
    l->saved_bytes = (size_t)(shape_features(l->out) * l->lanes);
    return STATUS_OK;
}

static void forward(const struct layer *l, const struct pass *p, const float *x, float *y)
{
    struct window w = pool_window(l, p->lanes);
    kernels->maxpool_forward(&w, x, y, l->saved);
}

static void backward(const struct layer *l, const struct pass *p, const float *x, const float *y, float *dy,
                     float *dx)
{
    (void)x, (void)y;
    struct window w = pool_window(l, p->lanes);
    if (dx) kernels->maxpool_backward(&w, l->saved, dy, dx);
}

extern const struct layer_ops layer_maxpool2d;
const struct layer_ops layer_maxpool2d = {
    .name = "maxpool2d",
    .help = "maximum of a square window, as torch.nn.MaxPool2d",
    .args = pool_args,
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .is_max = true,
};
