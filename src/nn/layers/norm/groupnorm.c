/* groupnorm.c - groups of channels normalised within every sample. */
#include "nn/export/torch.h"
#include "nn/layers/norm/norm.h"

enum { GROUPS, EPS, AFFINE };
static const struct arg args[] = {
    {.name = "groups",
     .kind = ARG_INT,
     .default_value = ARG_REQUIRED,
     .min = 1,
     .max = 1 << 16,
     .alias = "num_groups",
     .help = "groups that the channels are cut into"},
    {.name = "eps",
     .kind = ARG_REAL,
     .default_value = 1e-5,
     .min = 1e-12,
     .max = 1,
     .help = "added to the variance"},
    {.name = "affine", .kind = ARG_BOOL, .default_value = 1, .help = "learnable weight and bias per channel"},
    ARG_END,
};

static struct norm_groups groupnorm_groups(const struct layer *l)
{
    return norm_group_channels(l, l->in[0].c / (int64_t)l->args[GROUPS]);
}

static enum status groupnorm_plan(struct layer *l)
{
    int64_t groups = (int64_t)l->args[GROUPS];
    l->out = l->in[0];
    if (l->in[0].c % groups != 0)
        return status_fail(STATUS_CONFIG, "%lld channels cannot be cut into %lld equal groups",
                           (long long)l->in[0].c, (long long)groups);
    return l->args[AFFINE] != 0 ? norm_add_affine(l) : STATUS_OK;
}

static void groupnorm_measure(struct layer *l)
{
    struct norm_groups g = groupnorm_groups(l);
    norm_measure_samples(l, &g);
}

static void groupnorm_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    struct norm_groups g = groupnorm_groups(l);
    norm_forward_samples(l, p, &g, l->args[EPS], x[0], y);
}

static void groupnorm_backward(const struct layer *l, const struct pass *p, const float *const *x,
                               const float *y, float *dy, float *const *dx)
{
    (void)y;
    struct norm_groups g = groupnorm_groups(l);
    norm_backward_samples(l, p, &g, l->args[EPS], x[0], dy, dx[0]);
}

static void groupnorm_write_torch(const struct layer *l, FILE *out)
{
    fprintf(out, "nn.GroupNorm(num_channels=%lld", (long long)l->in[0].c);
    torch_write_arguments(l, 0, ARG_MAX, out);
    fputc(')', out);
}

static const struct layer_torch torch = {.module = groupnorm_write_torch};

static int groupnorm_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    return norm_onnx_groups(l, g, x[0], (int64_t)l->args[GROUPS], l->args[EPS]);
}

extern const struct layer_ops layer_groupnorm;
const struct layer_ops layer_groupnorm = {
    .name = "groupnorm",
    .aliases = LAYER_ALIASES("GroupNorm"),
    .help = "groups of channels normalised within each sample, as torch.nn.GroupNorm",
    .args = args,
    .plan = groupnorm_plan,
    .measure = groupnorm_measure,
    .forward = groupnorm_forward,
    .backward = groupnorm_backward,
    .torch = &torch,
    .onnx = groupnorm_onnx,
    .keeps_input = true,
    .in_place = true,
};
