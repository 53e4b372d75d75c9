/* layernorm.c - each sample normalised over all features, over its last axes, or over the channels of each
 * position. */
#include "nn/export/torch.h"
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

/* Before version 2.1, torch.nn.LayerNorm has no argument bias. */
static void layernorm_write_torch(const struct layer *l, FILE *out)
{
    bool plain = l->args[AFFINE] == 0 || l->args[BIAS] != 0;
    axes_write_torch(l, plain ? "nn.LayerNorm" : "LayerNormWithoutBias", l->args[AXES], BIAS, out);
}

static void layernorm_write_torch_call(const struct layer *l, const struct torch_call *c)
{
    axes_write_torch_call(l, l->args[AXES], c);
}

static const char layernorm_definition[] = "class LayerNormWithoutBias(nn.LayerNorm):\n"
                                           "    def __init__(self, *arguments, **others):\n"
                                           "        super().__init__(*arguments, **others)\n"
                                           "        self.bias = None\n";
static const struct layer_torch torch = {
    .module = layernorm_write_torch, .definition = layernorm_definition, .call = layernorm_write_torch_call};

static int layernorm_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    return axes_onnx(l, g, x[0], l->args[AXES], l->args[EPS], true);
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
    .torch = &torch,
    .onnx = layernorm_onnx,
    .keeps_input = true,
    .in_place = true,
};
