#include "nn/layers/pooling/pool.h"

static void forward(const struct layer *l, const struct pass *p, const float *x, float *y)
{
    struct window w = pool_window(l, p->lanes);
    kernels->avgpool_forward(&w, x, y);
}

static void backward(const struct layer *l, const struct pass *p, const float *x, const float *y, float *dy,
                     float *dx)
{
    (void)x, (void)y;
    struct window w = pool_window(l, p->lanes);
    if (dx) kernels->avgpool_backward(&w, dy, dx);
}

extern const struct layer_ops layer_avgpool2d;
const struct layer_ops layer_avgpool2d = {
    .name = "avgpool2d",
    .help = "mean of a square window, as torch.nn.AvgPool2d",
    .args = pool_args,
    .plan = pool_plan,
    .forward = forward,
    .backward = backward,
};
