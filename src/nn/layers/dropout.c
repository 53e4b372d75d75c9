/* dropout.c - random zeros in training. */
#include <string.h>

#include "nn/layers/layer.h"

enum { P };
static const struct arg args[] = {
    {.name = "p",
     .kind = ARG_REAL,
     .default_value = 0.5,
     .max = 0.999,
     .help = "probability of an element to be zeroed"},
    ARG_END,
};

static void dropout_measure(struct layer *l)
{
    l->saved_bytes = (size_t)(shape_features(l->in[0]) * l->lanes / 16) * sizeof(uint16_t);
}

static struct dropout_draw dropout_draw_of(const struct layer *l, const struct pass *p)
{
    return (struct dropout_draw){.seed = p->seed,
                                 .step = p->step,
                                 .layer = (uint32_t)l->index,
                                 .first_samples = p->first_samples,
                                 .leaves = p->leaves,
                                 .features = shape_features(l->in[0]),
                                 .lanes = p->lanes,
                                 .p = (float)l->args[P]};
}

static void dropout_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    struct dropout_draw draw = dropout_draw_of(l, p);
    if (p->training && draw.p > 0)
        l->kernels->dropout_forward(&draw, x[0], y, l->saved);
    else if (y != x[0])
        memcpy(y, x[0], (size_t)(draw.features * draw.lanes) * sizeof *y);
}

static void dropout_backward(const struct layer *l, const struct pass *p, const float *const *x,
                             const float *y, float *dy, float *const *dx)
{
    (void)x, (void)y;
    struct dropout_draw draw = dropout_draw_of(l, p);
    if (!dx[0]) return;
    if (draw.p > 0)
        l->kernels->dropout_backward(&draw, l->saved, dy, dx[0]);
    else if (dx[0] != dy)
        memcpy(dx[0], dy, (size_t)(draw.features * draw.lanes) * sizeof *dx[0]);
}

extern const struct layer_ops layer_dropout;
const struct layer_ops layer_dropout = {
    .name = "dropout",
    .aliases = LAYER_ALIASES("Dropout"),
    .help =
        "in training zeroes elements with probability p and scales the rest by 1/(1-p), as torch.nn.Dropout",
    .args = args,
    .plan = layer_plan_same,
    .measure = dropout_measure,
    .forward = dropout_forward,
    .backward = dropout_backward,
    .in_place = true,
};
