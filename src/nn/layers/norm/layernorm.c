/* layernorm.c - each sample normalised over all features, over its last axes, or over the channels of each
 * position. */
#include "nn/layers/norm/axes.h"

enum { AXES, EPS, AFFINE, BIAS };
static const struct arg args[] = {
    AXES_ARG,
    {.name = "eps",
     .kind = ARG_REAL,
     .default_value = 1e-5,
     .min = 1e-12,
     .max = 1,
     .help = "added to the variance"},
    {.name = "affine",
     .kind = ARG_BOOL,
     .default_value = 1,
     .alias = "elementwise_affine",
     .help = "learnable weight and bias per element"},
    {.name = "bias", .kind = ARG_BOOL, .default_value = 1, .help = "with affine: a bias, too"},
    ARG_END,
};

static enum status layernorm_plan(struct layer *l)
{
    return axes_plan(l, l->args[AXES], l->args[AFFINE] != 0, l->args[BIAS] != 0);
}

static void layernorm_measure(struct layer *l)
{
    struct norm_groups g = axes_groups(l, l->args[AXES], l->lanes);
    norm_measure_samples(l, &g);
}

static void layernorm_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    struct norm_groups g = axes_groups(l, l->args[AXES], p->lanes);
    norm_forward_samples(l, p, &g, l->args[EPS], x[0], y);
}

static void layernorm_backward(const struct layer *l, const struct pass *p, const float *const *x,
                               const float *y, float *dy, float *const *dx)
{
    (void)y;
    struct norm_groups g = axes_groups(l, l->args[AXES], p->lanes);
    norm_backward_samples(l, p, &g, l->args[EPS], x[0], dy, dx[0]);
}

extern const struct layer_ops layer_layernorm;
const struct layer_ops layer_layernorm = {
    .name = "layernorm",
    .aliases = LAYER_ALIASES("LayerNorm"),
    .help = "each sample normalised over all features, its last axes or its channels, as torch.nn.LayerNorm",
    .args = args,
    .plan = layernorm_plan,
    .measure = layernorm_measure,
    .forward = layernorm_forward,
    .backward = layernorm_backward,
    .keeps_input = true,
    .in_place = true,
};
