/* rmsnorm.c - each sample divided by the root of its mean square. */
#include "nn/export/torch.h"
#include "nn/layers/norm/axes.h"

enum { AXES, EPS, AFFINE };
static const struct arg args[] = {
    AXES_ARG,
    {.name = "eps",
     .kind = ARG_REAL,
     .default_value = 0x1p-23,
     .min = 1e-12,
     .max = 1,
     .help = "added to the mean square; the default is that of float32 in PyTorch"},
    {.name = "affine",
     .kind = ARG_BOOL,
     .default_value = 1,
     .alias = "elementwise_affine",
     .help = "learnable weight per element"},
    ARG_END,
};

static struct norm_groups rmsnorm_groups(const struct layer *l, int64_t lanes)
{
    struct norm_groups g = axes_groups(l, l->args[AXES], lanes);
    g.centred = false;
    return g;
}

static enum status rmsnorm_plan(struct layer *l)
{
    return axes_plan(l, l->args[AXES], l->args[AFFINE] != 0, false);
}

static void rmsnorm_measure(struct layer *l)
{
    struct norm_groups g = rmsnorm_groups(l, l->lanes);
    norm_measure_samples(l, &g);
}

static void rmsnorm_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    struct norm_groups g = rmsnorm_groups(l, p->lanes);
    norm_forward_samples(l, p, &g, l->args[EPS], x[0], y);
}

static void rmsnorm_backward(const struct layer *l, const struct pass *p, const float *const *x,
                             const float *y, float *dy, float *const *dx)
{
    (void)y;
    struct norm_groups g = rmsnorm_groups(l, p->lanes);
    norm_backward_samples(l, p, &g, l->args[EPS], x[0], dy, dx[0]);
}

static void rmsnorm_write_torch(const struct layer *l, FILE *out)
{
    axes_write_torch(l, "RMSNorm", l->args[AXES], ARG_MAX, out);
}

static void rmsnorm_write_torch_call(const struct layer *l, const struct torch_call *c)
{
    axes_write_torch_call(l, l->args[AXES], c);
}

static const char rmsnorm_definition[] =
    "class RMSNorm(nn.Module):\n"
    "    \"\"\"As torch.nn.RMSNorm, which PyTorch has since version 2.4.\"\"\"\n"
    "\n"
    "    def __init__(self, normalized_shape, eps=2.0**-23, elementwise_affine=True):\n"
    "        super().__init__()\n"
    "        self.axes = tuple(range(-len(normalized_shape), 0))\n"
    "        self.eps = eps\n"
    "        weight = nn.Parameter(torch.ones(normalized_shape)) if elementwise_affine else None\n"
    "        self.register_parameter(\"weight\", weight)\n"
    "\n"
    "    def forward(self, x):\n"
    "        x = x * torch.rsqrt(x.pow(2).mean(self.axes, keepdim=True) + self.eps)\n"
    "        return x if self.weight is None else x * self.weight\n";
static const struct layer_torch torch = {
    .module = rmsnorm_write_torch, .definition = rmsnorm_definition, .call = rmsnorm_write_torch_call};

static int rmsnorm_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    return axes_onnx(l, g, x[0], l->args[AXES], l->args[EPS], false);
}

extern const struct layer_ops layer_rmsnorm;
const struct layer_ops layer_rmsnorm = {
    .name = "rmsnorm",
    .aliases = LAYER_ALIASES("RMSNorm"),
    .help = "each sample divided by the root of its mean square, as torch.nn.RMSNorm",
    .args = args,
    .plan = rmsnorm_plan,
    .measure = rmsnorm_measure,
    .forward = rmsnorm_forward,
    .backward = rmsnorm_backward,
    .torch = &torch,
    .onnx = rmsnorm_onnx,
    .keeps_input = true,
    .in_place = true,
};
