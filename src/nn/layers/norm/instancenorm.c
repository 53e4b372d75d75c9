/* instancenorm.c - each channel of each sample normalised over its positions.
 *
 * Running statistics, if asked for, are the mean over samples of those of each sample, as PyTorch's. */
#include "nn/export/torch.h"
#include "nn/layers/norm/norm.h"

enum { EPS, MOMENTUM, AFFINE, TRACK };
static const char *const words[] = {"null", "none", NULL};
static const struct arg args[] = {
    {.name = "eps",
     .kind = ARG_REAL,
     .default_value = 1e-5,
     .min = 1e-12,
     .max = 1,
     .help = "added to the variance"},
    {.name = "momentum",
     .kind = ARG_REAL,
     .default_value = 0.1,
     .max = 1,
     .words = words,
     .help = "share of a step's statistics in the new running ones; null: plain mean over all steps"},
    {.name = "affine", .kind = ARG_BOOL, .help = "learnable weight and bias per channel"},
    {.name = "track_running_stats",
     .kind = ARG_BOOL,
     .help = "keep running statistics, which evaluation then uses"},
    ARG_END,
};

static enum status instancenorm_plan(struct layer *l)
{
    l->out = l->in[0];
    if (l->args[AFFINE] != 0) TRY(norm_add_affine(l));
    return l->args[TRACK] != 0 ? norm_add_running(l, l->args[MOMENTUM]) : STATUS_OK;
}

static void instancenorm_measure(struct layer *l)
{
    struct norm_groups g = norm_group_channels(l, 1);
    norm_measure_samples(l, &g);
}

static void instancenorm_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    struct norm_groups g = norm_group_channels(l, 1);
    if (!p->training && l->args[TRACK] != 0)
        norm_forward_running(l, p, l->args[EPS], x[0], y);
    else
        norm_forward_samples(l, p, &g, l->args[EPS], x[0], y);
}

/* The sums over the live samples of one channel: of the means, and of the unbiased variances. */
static void instancenorm_share(const struct layer *l, const struct pass *p, int64_t channel,
                               struct norm_tree *means, struct norm_tree *variances)
{
    const float *m = (const float *)l->saved + 3 * channel * p->lanes;
    const struct tensor *variance = &l->tensors[l->tensor_count - 1];
    double positions = (double)shape_positions(l->in[0]);
    int64_t width = p->lanes / p->leaves;
    for (int64_t leaf = 0; leaf < p->leaves; leaf++) {
        double mean = 0, sum = 0;
        for (int64_t n = leaf * width; n < leaf * width + (p->live ? p->live[leaf] : width); n++) {
            double factor = m[p->lanes + n], biased = 1 / (factor * factor) - l->args[EPS];
            mean += m[n];
            sum += positions > 1 ? biased * positions / (positions - 1)
                                 : (double)p->params[variance->offset + channel];
        }
        norm_tree_add(means, (float)mean);
        norm_tree_add(variances, (float)sum);
    }
}

static void instancenorm_backward(const struct layer *l, const struct pass *p, const float *const *x,
                                  const float *y, float *dy, float *const *dx)
{
    (void)y;
    struct norm_groups g = norm_group_channels(l, 1);
    norm_backward_samples(l, p, &g, l->args[EPS], x[0], dy, dx[0]);
    for (int64_t c = 0; l->args[TRACK] != 0 && c < l->in[0].c; c++) {
        struct norm_tree means, variances;
        norm_tree_begin(&means), norm_tree_begin(&variances);
        instancenorm_share(l, p, c, &means, &variances);
        p->grads[l->tensors[l->tensor_count - 2].offset + c] = norm_tree_sum(&means);
        p->grads[l->tensors[l->tensor_count - 1].offset + c] = norm_tree_sum(&variances);
    }
}

static void instancenorm_write_torch(const struct layer *l, FILE *out)
{
    norm_write_torch(l, "InstanceNorm", ARG_MAX, out);
}

/* A single position is its own mean, so that the bias is left; torch refuses it. */
static void instancenorm_write_torch_call(const struct layer *l, const struct torch_call *c)
{
    const char *x = c->inputs[0];
    if (shape_positions(l->in[0]) > 1 || l->args[TRACK] != 0) {
        fprintf(c->out, l->in[0].rank > 0 ? "%s(%s)" : "%s(%s.unsqueeze(2)).squeeze(2)", c->module, x);
        return;
    }
    fprintf(c->out, "torch.zeros_like(%s)", x);
    if (l->args[AFFINE] == 0) return;
    fprintf(c->out, " + %s.bias.reshape(1, ", c->module);
    torch_write_shape(c->out, l->in[0]);
    fputc(')', c->out);
}

static const struct layer_torch torch = {.module = instancenorm_write_torch,
                                         .call = instancenorm_write_torch_call};

static int instancenorm_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    if (l->args[TRACK] != 0) return norm_onnx_running(l, g, x[0], l->args[EPS]);
    return norm_onnx_groups(l, g, x[0], l->in[0].c, l->args[EPS]);
}

extern const struct layer_ops layer_instancenorm;
const struct layer_ops layer_instancenorm = {
    .name = "instancenorm",
    .aliases = LAYER_ALIASES("InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"),
    .help =
        "each channel of each sample normalised over its positions, as torch.nn.InstanceNorm1d, 2d and 3d",
    .args = args,
    .plan = instancenorm_plan,
    .measure = instancenorm_measure,
    .forward = instancenorm_forward,
    .backward = instancenorm_backward,
    .torch = &torch,
    .onnx = instancenorm_onnx,
    .keeps_input = true,
    .in_place = true,
};
