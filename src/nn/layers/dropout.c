#include <string.h>

#include "math/kernels.h"
#include "nn/layers/layer.h"

enum { P };
static const struct arg args[] = {
    {"p", ARG_REAL, 0.5, 0, 0.999, "probability to drop an element"},
    ARG_END,
};

static enum status plan(struct layer *l)
{
    l->out = l->in;
    l->saved_bytes = (size_t)(shape_features(l->in) * l->lanes / 16) * sizeof(uint16_t);
    l->scratch_bytes = (size_t)l->leaves * sizeof(int64_t); /* the leaves' first samples */
    return STATUS_OK;
}

static struct dropout_draw draw_of(const struct layer *l, const struct pass *p)
{
    int64_t *first_samples = l->scratch;
    for (int64_t leaf = 0; leaf < p->leaves; leaf++) first_samples[leaf] = p->first_sample + leaf * p->slice;
    return (struct dropout_draw){.seed = p->seed,
                                 .step = p->step,
                                 .layer = (uint32_t)l->index,
                                 .first_samples = first_samples,
                                 .leaves = p->leaves,
                                 .features = shape_features(l->in),
                                 .lanes = p->lanes,
                                 .p = (float)l->args[P]};
}

static void forward(const struct layer *l, const struct pass *p, const float *x, float *y)
{
    struct dropout_draw draw = draw_of(l, p);
    if (p->training && draw.p > 0)
        kernels->dropout_forward(&draw, x, y, l->saved);
    else if (y != x)
        memcpy(y, x, (size_t)(draw.features * draw.lanes) * sizeof *y);
}

static void backward(const struct layer *l, const struct pass *p, const float *x, const float *y, float *dy,
                     float *dx)
{
    (void)x, (void)y;
    struct dropout_draw draw = draw_of(l, p);
    if (!dx) return;
    if (draw.p > 0)
        kernels->dropout_backward(&draw, l->saved, dy, dx);
    else if (dx != dy)
        memcpy(dx, dy, (size_t)(draw.features * draw.lanes) * sizeof *dx);
}

extern const struct layer_ops layer_dropout;
const struct layer_ops layer_dropout = {
    .name = "dropout",
    .help = "zeroes elements with probability p in training, scales the rest by 1/(1-p), as torch.nn.Dropout",
    .args = args,
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .in_place = true,
};
