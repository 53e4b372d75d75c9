/* batchnorm.c - channels normalised over the batch of a virtual rank, as DistributedDataParallel does with
 * that of a rank.
 *
 * Statistics are those of one virtual rank's live samples, so results do not depend on the number of ranks.
 * The running ones follow the mean over all virtual ranks, by samples: backward leaves each virtual rank's
 * share in the place of their gradient (TENSOR_STATISTIC).
 *
 * PyTorch refuses a batch with one value per channel. Here it happens in the last, short batch of an epoch:
 * its variance counts as 0, so the result is the bias, nothing flows back, and the running variance stays as
 * it is. */
#include <math.h>

#include "nn/export/torch.h"
#include "nn/layers/norm/norm.h"

enum { MOMENTUM, EPS, AFFINE, TRACK, SYNC };
static const char *const words[] = {"null", "none", NULL};
static const struct arg args[] = {
    {.name = "momentum",
     .kind = ARG_REAL,
     .default_value = 0.1,
     .max = 1,
     .words = words,
     .help = "share of a step's statistics in the new running ones; null: plain mean over all steps"},
    {.name = "eps",
     .kind = ARG_REAL,
     .default_value = 1e-5,
     .min = 1e-12,
     .max = 1,
     .help = "added to the variance"},
    {.name = "affine", .kind = ARG_BOOL, .default_value = 1, .help = "learnable weight and bias per channel"},
    {.name = "track_running_stats",
     .kind = ARG_BOOL,
     .default_value = 1,
     .help = "keep running statistics for evaluation; false: it uses those of its own batches, which have as "
             "many samples as a virtual rank's"},
    {.name = "sync",
     .kind = ARG_BOOL,
     .help = "statistics over the global batch instead of a virtual rank's, as torch.nn.SyncBatchNorm"},
    ARG_END,
};

#define CHUNK_FLOATS ((int64_t)1 << 16) /* of channels that stay in cache from the sums to the result */

/* Of one channel of one leaf. */
struct moments {
    double mean, variance; /* the biased one */
    double factor;         /* 1 / sqrt(variance + eps) */
    double values;         /* that they are taken over */
};

/* The scratch block, each [channels of a chunk][leaves]. */
struct work {
    double *sums;
    struct channel_map *maps;
    struct channel_slope *slopes;
};

static enum status batchnorm_plan(struct layer *l)
{
    l->out = l->in[0];
    if (l->args[AFFINE] != 0) TRY(norm_add_affine(l));
    return l->args[TRACK] == 0 ? STATUS_OK : norm_add_running(l, l->args[MOMENTUM]);
}

static int64_t batchnorm_chunk(const struct layer *l, int64_t lanes)
{
    int64_t channels = CHUNK_FLOATS / (shape_positions(l->in[0]) * lanes);
    return channels < 1 ? 1 : channels > l->in[0].c ? l->in[0].c : channels;
}

/* Channels of all leaves. */
static int64_t batchnorm_count(const struct layer *l)
{
    return l->in[0].c * l->leaves;
}

static void batchnorm_measure(struct layer *l)
{
    size_t count = (size_t)batchnorm_count(l);
    l->saved_bytes = count * sizeof(struct moments);
    l->scratch_bytes =
        count * (2 * sizeof(double) + sizeof(struct channel_map) + sizeof(struct channel_slope));
}

static struct work batchnorm_work(const struct layer *l)
{
    int64_t count = batchnorm_count(l);
    struct work w = {.sums = l->scratch};
    w.maps = (void *)(w.sums + 2 * count);
    w.slopes = (void *)(w.maps + count);
    return w;
}

static struct channel_norm batchnorm_shape(const struct layer *l, const struct pass *p, int64_t channels)
{
    return (struct channel_norm){.channels = channels,
                                 .positions = shape_positions(l->in[0]),
                                 .lanes = p->lanes,
                                 .leaves = p->leaves,
                                 .live = p->live,
                                 .relu = l->relu_out,
                                 .masks = l->relu_in};
}

static double batchnorm_samples(const struct channel_norm *n, int64_t leaf)
{
    return (double)(n->live ? n->live[leaf] : n->lanes / n->leaves);
}

/* Values of a channel in one leaf. */
static double batchnorm_values(const struct channel_norm *n, int64_t leaf)
{
    return batchnorm_samples(n, leaf) * (double)n->positions;
}

static struct moments batchnorm_moments(const struct layer *l, const double sums[2], double values)
{
    struct moments m = {.values = values};
    if (values > 0) m.mean = sums[0] / values;
    if (values > 1) m.variance = sums[1] / values - m.mean * m.mean;
    if (m.variance < 0) m.variance = 0;
    m.factor = 1 / sqrt(m.variance + l->args[EPS]);
    return m;
}

static const float *batchnorm_tensor(const struct layer *l, const float *vector, int tensor)
{
    return vector + l->tensors[tensor].offset;
}

static int batchnorm_statistics(const struct layer *l)
{
    return l->args[AFFINE] != 0 ? 2 : 0;
}

/* With the statistics of each leaf, which are saved. */
static void batchnorm_forward_batch(const struct layer *l, const struct pass *p, const float *x, float *y)
{
    struct work w = batchnorm_work(l);
    struct moments *saved = l->saved;
    int64_t channels = l->in[0].c, chunk = batchnorm_chunk(l, p->lanes);
    for (int64_t first = 0; first < channels; first += chunk) {
        struct channel_norm n = batchnorm_shape(l, p, channels - first < chunk ? channels - first : chunk);
        int64_t at = first * n.positions * n.lanes;
        l->kernels->norm_sums(&n, x + at, w.sums);
        for (int64_t c = 0, i = 0; c < n.channels; c++)
            for (int64_t leaf = 0; leaf < n.leaves; leaf++, i++) {
                struct moments *m = &saved[first * n.leaves + i];
                *m = batchnorm_moments(l, w.sums + 2 * i, batchnorm_values(&n, leaf));
                w.maps[i] = norm_map(l, p, first + c, m->mean, m->factor);
            }
        l->kernels->norm_apply(&n, w.maps, x + at, y + at);
    }
}

/* With the statistics of the global batch, from its sums. */
static void batchnorm_forward_global(const struct layer *l, const struct pass *p, const float *x, float *y)
{
    struct work w = batchnorm_work(l);
    struct channel_norm n = batchnorm_shape(l, p, l->in[0].c);
    struct moments *saved = l->saved;
    for (int64_t c = 0; c < n.channels; c++)
        for (int64_t i = c * n.leaves; i < (c + 1) * n.leaves; i++) {
            if (p->totals) saved[i] = batchnorm_moments(l, p->totals + 2 * c, p->totals[2 * n.channels]);
            w.maps[i] = norm_map(l, p, c, saved[i].mean, saved[i].factor);
        }
    l->kernels->norm_apply(&n, w.maps, x, y);
}

static void batchnorm_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    if (p->training && l->args[SYNC] != 0)
        batchnorm_forward_global(l, p, x[0], y);
    else if (p->training || l->args[TRACK] == 0)
        batchnorm_forward_batch(l, p, x[0], y);
    else
        norm_forward_running(l, p, l->args[EPS], x[0], y);
}

/* From the sums of dy and dy * x to those of dy and dy * (x - mean) / sigma, which are the gradients of bias
 * and weight. */
static void batchnorm_normalise_sums(const struct moments *m, double sums[2])
{
    sums[1] = (sums[1] - m->mean * sums[0]) * m->factor;
}

/* dx = weight / sigma * (dy - mean of dy - xhat * mean of dy xhat) */
static struct channel_slope batchnorm_slope(const struct channel_map *map, const struct moments *m,
                                            const double sums[2])
{
    if (m->values <= 1) return (struct channel_slope){0};
    double share = (double)map->scale / m->values, of_x = -share * sums[1] * m->factor;
    double constant = ((double)map->mean - m->mean) * of_x - share * sums[0];
    return (struct channel_slope){map->scale, (float)of_x, (float)constant};
}

/* The gradients of one channel's weight and bias, and its share of the running statistics. */
static void batchnorm_add_channel(const struct layer *l, const struct pass *p, const struct channel_norm *n,
                                  int64_t channel, const double *sums)
{
    const struct moments *m = (const struct moments *)l->saved + channel * n->leaves;
    bool affine = l->args[AFFINE] != 0, tracks = l->args[TRACK] != 0;
    int tensor = batchnorm_statistics(l);
    struct norm_tree weight, bias, mean, variance;
    norm_tree_begin(&weight), norm_tree_begin(&bias), norm_tree_begin(&mean), norm_tree_begin(&variance);
    for (int64_t leaf = 0; leaf < n->leaves; leaf++) {
        double values = m[leaf].values, samples = batchnorm_samples(n, leaf);
        norm_tree_add(&weight, (float)sums[2 * leaf + 1]);
        norm_tree_add(&bias, (float)sums[2 * leaf]);
        if (!tracks) continue;
        double unbiased = values > 1 ? m[leaf].variance * (values / (values - 1))
                                     : batchnorm_tensor(l, p->params, tensor + 1)[channel];
        norm_tree_add(&mean, (float)(samples * m[leaf].mean));
        norm_tree_add(&variance, (float)(samples * unbiased));
    }
    if (affine) {
        p->grads[l->tensors[0].offset + channel] = norm_tree_sum(&weight);
        p->grads[l->tensors[1].offset + channel] = norm_tree_sum(&bias);
    }
    if (!tracks) return;
    p->grads[l->tensors[tensor].offset + channel] = norm_tree_sum(&mean);
    p->grads[l->tensors[tensor + 1].offset + channel] = norm_tree_sum(&variance);
}

/* The same for the channels of a chunk, whose sums are in w.sums. */
static void batchnorm_add_leaves(const struct layer *l, const struct pass *p, const struct channel_norm *n,
                                 int64_t first)
{
    const double *sums = batchnorm_work(l).sums;
    for (int64_t c = 0; c < n->channels; c++)
        batchnorm_add_channel(l, p, n, first + c, sums + 2 * c * n->leaves);
}

/* Sums of a chunk's gradients, of dy and dy times the normalised x, in w.sums; and what follows of each
 * leaf's. */
static void batchnorm_sum_gradients(const struct layer *l, const struct pass *p, const struct channel_norm *n,
                                    int64_t first, const float *x, const float *dy)
{
    struct work w = batchnorm_work(l);
    const struct moments *m = (const struct moments *)l->saved + first * n->leaves;
    for (int64_t c = 0, i = 0; c < n->channels; c++)
        for (int64_t leaf = 0; leaf < n->leaves; leaf++, i++)
            w.maps[i] = norm_map(l, p, first + c, m[i].mean, m[i].factor);
    l->kernels->norm_gradient_sums(n, w.maps, x, dy, w.sums);
    for (int64_t i = 0; i < n->channels * n->leaves; i++) batchnorm_normalise_sums(&m[i], w.sums + 2 * i);
}

static void batchnorm_backward_batch(const struct layer *l, const struct pass *p, const float *x,
                                     const float *dy, float *dx)
{
    struct work w = batchnorm_work(l);
    const struct moments *saved = l->saved;
    int64_t channels = l->in[0].c, chunk = batchnorm_chunk(l, p->lanes);
    for (int64_t first = 0; first < channels; first += chunk) {
        struct channel_norm n = batchnorm_shape(l, p, channels - first < chunk ? channels - first : chunk);
        int64_t at = first * n.positions * n.lanes;
        batchnorm_sum_gradients(l, p, &n, first, x + at, dy + at);
        batchnorm_add_leaves(l, p, &n, first);
        for (int64_t i = 0; i < n.channels * n.leaves; i++)
            w.slopes[i] = batchnorm_slope(&w.maps[i], &saved[first * n.leaves + i], w.sums + 2 * i);
        if (dx) l->kernels->norm_gradient_apply(&n, w.maps, w.slopes, x + at, dy + at, dx + at);
    }
}

/* measure_backward has left maps and sums. */
static void batchnorm_backward_global(const struct layer *l, const struct pass *p, const float *x,
                                      const float *dy, float *dx)
{
    struct work w = batchnorm_work(l);
    const struct moments *saved = l->saved;
    struct channel_norm n = batchnorm_shape(l, p, l->in[0].c);
    for (int64_t i = 0; i < n.channels * n.leaves; i++)
        w.slopes[i] = batchnorm_slope(&w.maps[i], &saved[i], p->totals + 2 * (i / n.leaves));
    batchnorm_add_leaves(l, p, &n, 0);
    if (dx) l->kernels->norm_gradient_apply(&n, w.maps, w.slopes, x, dy, dx);
}

static void batchnorm_backward(const struct layer *l, const struct pass *p, const float *const *x,
                               const float *y, float *dy, float *const *dx)
{
    (void)y;
    if (l->args[SYNC] != 0)
        batchnorm_backward_global(l, p, x[0], dy, dx[0]);
    else
        batchnorm_backward_batch(l, p, x[0], dy, dx[0]);
}

/* Two sums of each channel, and the number of values. */
static int64_t batchnorm_totals(const struct layer *l)
{
    return l->args[SYNC] != 0 ? 2 * l->in[0].c + 1 : 0;
}

/* From w.sums [channels][leaves] to records [leaves]. */
static void batchnorm_record(const struct layer *l, const struct channel_norm *n, double *records)
{
    const double *sums = batchnorm_work(l).sums;
    int64_t totals = batchnorm_totals(l);
    for (int64_t leaf = 0; leaf < n->leaves; leaf++, records += totals) {
        for (int64_t i = 0; i < 2 * n->channels; i++)
            records[i] = sums[2 * (i / 2 * n->leaves + leaf) + i % 2];
        records[totals - 1] = batchnorm_values(n, leaf);
    }
}

static void batchnorm_measure_forward(const struct layer *l, const struct pass *p, const float *const *x,
                                      double *records)
{
    struct channel_norm n = batchnorm_shape(l, p, l->in[0].c);
    l->kernels->norm_sums(&n, x[0], batchnorm_work(l).sums);
    batchnorm_record(l, &n, records);
}

static void batchnorm_measure_backward(const struct layer *l, const struct pass *p, const float *const *x,
                                       const float *dy, double *records)
{
    struct channel_norm n = batchnorm_shape(l, p, l->in[0].c);
    batchnorm_sum_gradients(l, p, &n, 0, x[0], dy);
    batchnorm_record(l, &n, records);
}

static bool batchnorm_is_map(const struct layer *l)
{
    return l->args[TRACK] != 0;
}

static void batchnorm_get_map(const struct layer *l, const struct pass *p, int64_t channel, double *scale,
                              double *shift)
{
    bool affine = l->args[AFFINE] != 0;
    int tensor = batchnorm_statistics(l);
    double weight = affine ? batchnorm_tensor(l, p->params, 0)[channel] : 1;
    double bias = affine ? batchnorm_tensor(l, p->params, 1)[channel] : 0;
    *scale = weight / sqrt(batchnorm_tensor(l, p->params, tensor + 1)[channel] + l->args[EPS]);
    *shift = bias - batchnorm_tensor(l, p->params, tensor)[channel] * *scale;
}

/* Whether it is synchronised does not matter in evaluation; torch's SyncBatchNorm runs on GPUs alone. */
static void batchnorm_write_torch(const struct layer *l, FILE *out)
{
    norm_write_torch(l, "BatchNorm", SYNC, out);
}

static const struct layer_torch torch = {.module = batchnorm_write_torch};

static int batchnorm_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    int64_t axes[ONNX_AXES - 1] = {0};
    if (l->args[TRACK] != 0) return norm_onnx_running(l, g, x[0], l->args[EPS]);
    for (int i = 0; i < l->in[0].rank; i++) axes[1 + i] = 2 + i;
    return norm_onnx_affine(l, g, norm_onnx_over(g, x[0], 1 + l->in[0].rank, axes, l->args[EPS], true));
}

extern const struct layer_ops layer_batchnorm;
const struct layer_ops layer_batchnorm = {
    .name = "batchnorm",
    .aliases = LAYER_ALIASES("BatchNorm1d", "BatchNorm2d", "BatchNorm3d"),
    .help = "each channel normalised over a virtual rank's batch and all positions, as torch.nn.BatchNorm1d, "
            "2d and 3d",
    .args = args,
    .plan = batchnorm_plan,
    .measure = batchnorm_measure,
    .forward = batchnorm_forward,
    .backward = batchnorm_backward,
    .torch = &torch,
    .onnx = batchnorm_onnx,
    .totals = batchnorm_totals,
    .measure_forward = batchnorm_measure_forward,
    .measure_backward = batchnorm_measure_backward,
    .is_map = batchnorm_is_map,
    .get_map = batchnorm_get_map,
    .keeps_input = true,
    .in_place = true,
    .fuses_relu = true,
    .keeps_relu = true,
};
