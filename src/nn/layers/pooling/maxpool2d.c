/* maxpool2d.c - maximum over windows. */
#include "nn/layers/pooling/pool.h"

static void maxpool2d_measure(struct layer *l)
{
    l->saved_bytes = (size_t)(shape_features(l->out) * l->lanes);
}

static void maxpool2d_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    struct window w = pool_window(l, p->lanes);
    l->kernels->maxpool_forward(&w, x[0], y, l->saved);
}

static void maxpool2d_backward(const struct layer *l, const struct pass *p, const float *const *x,
                               const float *y, float *dy, float *const *dx)
{
    (void)x, (void)y;
    struct window w = pool_window(l, p->lanes);
    if (dx[0]) l->kernels->maxpool_backward(&w, l->saved, dy, dx[0]);
}

extern const struct layer_ops layer_maxpool2d;
const struct layer_ops layer_maxpool2d = {
    .name = "maxpool2d",
    .help = "maximum of a square window, as torch.nn.MaxPool2d",
    .args = pool_args,
    .plan = pool_plan,
    .measure = maxpool2d_measure,
    .forward = maxpool2d_forward,
    .backward = maxpool2d_backward,
    .is_max = true,
};
