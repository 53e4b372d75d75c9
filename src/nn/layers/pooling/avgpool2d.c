/* avgpool2d.c - mean over windows. */
#include "nn/layers/pooling/pool.h"

static void avgpool2d_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    struct window w = pool_window(l, p->lanes);
    l->kernels->avgpool_forward(&w, x[0], y);
}

static void avgpool2d_backward(const struct layer *l, const struct pass *p, const float *const *x,
                               const float *y, float *dy, float *const *dx)
{
    (void)x, (void)y;
    struct window w = pool_window(l, p->lanes);
    if (dx[0]) l->kernels->avgpool_backward(&w, dy, dx[0]);
}

extern const struct layer_ops layer_avgpool2d;
const struct layer_ops layer_avgpool2d = {
    .name = "avgpool2d",
    .help = "mean of a square window, as torch.nn.AvgPool2d",
    .args = pool_args,
    .plan = pool_plan,
    .forward = avgpool2d_forward,
    .backward = avgpool2d_backward,
};
