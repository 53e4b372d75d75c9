/* batch.c - gathers the samples of a pass, and shows its virtual ranks to the loss. */
#include "data/batch.h"

#include <string.h>

#include "math/kernels.h"
#include "core/mem.h"

static enum status batch_allocate(struct batch *b, int64_t width)
{
    size_t leaves = (size_t)b->leaves, count = leaves * (size_t)b->lanes;
    TRY(mem_alloc(&b->live, leaves, sizeof *b->live, "batch"));
    TRY(mem_alloc(&b->first, leaves, sizeof *b->first, "batch"));
    TRY(mem_alloc(&b->samples, count, sizeof *b->samples, "batch"));
    TRY(mem_alloc(&b->taken, count, sizeof *b->taken, "batch"));
    TRY(mem_alloc(&b->rows.features, count, sizeof *b->rows.features, "batch"));
    TRY(mem_alloc(&b->rows.labels, count, sizeof *b->rows.labels, "batch"));
    TRY(mem_alloc(&b->rows.targets, count, sizeof *b->rows.targets, "batch"));
    TRY(mem_alloc(&b->rows.weights, count, sizeof *b->rows.weights, "batch"));
    TRY(mem_alloc(&b->labels, count, sizeof *b->labels, "batch"));
    TRY(mem_alloc(&b->targets, count * (size_t)width, sizeof *b->targets, "batch"));
    TRY(mem_alloc(&b->weights, count, sizeof *b->weights, "batch"));
    TRY(mem_alloc(&b->losses, count, sizeof *b->losses, "batch"));
    TRY(mem_alloc(&b->predicted, count, sizeof *b->predicted, "batch"));
    return mem_alloc(&b->sums, leaves, sizeof *b->sums, "batch");
}

enum status batch_init(struct batch *b, const struct kernels *kernels, int64_t lanes, int64_t leaves,
                       int64_t width)
{
    *b = (struct batch){.kernels = kernels, .lanes = lanes, .leaves = leaves};
    enum status status = batch_allocate(b, width);
    if (status != STATUS_OK) batch_free(b);
    return status;
}

void batch_free(struct batch *b)
{
    struct dataset_rows *r = &b->rows;
    void *all[] = {&b->live,    &b->first,   &b->samples,   &b->taken,  &r->features,
                   &r->labels,  &r->targets, &r->weights,   &b->labels, &b->targets,
                   &b->weights, &b->losses,  &b->predicted, &b->sums};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) mem_free(all[i]);
}

void batch_take_blocks(struct batch *b, int64_t samples, int64_t first, int64_t count)
{
    b->leaves = count;
    for (int64_t i = 0; i < count; i++) {
        int64_t sample = (first + i) * b->lanes, left = samples - sample;
        b->live[i] = left < b->lanes ? left : b->lanes;
        for (int64_t n = 0; n < b->live[i]; n++) b->samples[i * b->lanes + n] = sample + n;
    }
}

/* Looks up all live samples of the pass; returns their number. */
static int64_t batch_find_rows(struct batch *b, const struct dataset *d)
{
    int64_t count = 0;
    for (int64_t leaf = 0; leaf < b->leaves; leaf++)
        for (int64_t i = 0; i < b->live[leaf]; i++) b->taken[count++] = b->samples[leaf * b->lanes + i];
    dataset_take(d, b->taken, count, &b->rows);
    return count;
}

static int32_t batch_first_maximum(int64_t width, const float *row)
{
    int64_t best = 0;
    for (int64_t k = 1; k < width; k++)
        if (row[k] > row[best]) best = k;
    return (int32_t)best;
}

/* A row becomes a column of the targets. */
static void batch_load_row(struct batch *b, int64_t width, const float *row, int64_t at)
{
    const struct normal *n = b->target_normal;
    int64_t stride = b->leaves * b->lanes;
    for (int64_t k = 0; k < width; k++)
        b->targets[k * stride + at] = n ? row[k] * n->scale[k] + n->shift[k] : row[k];
}

/* Labels of one virtual rank, whose samples are the rows from `row` on. */
static void batch_load_labels(struct batch *b, const struct dataset *d, int64_t leaf, int64_t row)
{
    int64_t width = dataset_width(d), first = leaf * b->lanes, live = b->live[leaf];
    enum target_kind kind = dataset_kind(d);
    if (kind == TARGET_INDEX) {
        memcpy(b->labels + first, b->rows.labels + row, (size_t)live * sizeof *b->labels);
        return;
    }
    for (int64_t i = 0; i < live; i++) {
        const float *targets = b->rows.targets[row + i];
        if (kind == TARGET_ONEHOT || kind == TARGET_PROBS)
            b->labels[first + i] = batch_first_maximum(width, targets);
        batch_load_row(b, width, targets, first + i);
    }
    for (int64_t k = 0; k < width; k++)
        for (int64_t i = live; i < b->lanes; i++) b->targets[k * b->leaves * b->lanes + first + i] = 0;
}

/* Features of one virtual rank; `left` rows from `row` on are still to come. */
static void batch_load_features(struct batch *b, const struct dataset *d, const struct normal *n,
                                int64_t leaf, int64_t row, int64_t left, float *input)
{
    const struct source_info *info = dataset_info(d);
    const void *const *rows = b->rows.features + row;
    struct gather g = {.channels = n->channels,
                       .per_channel = shape_features(info->shape) / n->channels,
                       .lanes = b->lanes,
                       .live = b->live[leaf],
                       .ahead = left - b->live[leaf],
                       .stride = b->leaves * b->lanes,
                       .scale = n->scale,
                       .shift = n->shift};
    if (info->type == FEATURE_U8)
        b->kernels->gather_u8(&g, (const uint8_t *const *)rows, input + leaf * b->lanes);
    else
        b->kernels->gather_f32(&g, (const float *const *)rows, input + leaf * b->lanes);
}

void batch_load(struct batch *b, const struct dataset *d, const struct normal *n, float *input)
{
    const struct source_info *info = dataset_info(d);
    int64_t count = batch_find_rows(b, d), row = 0;
    b->has_weights = info->has_weights;
    for (int64_t leaf = 0; leaf < b->leaves; leaf++) {
        if (info->has_labels) batch_load_labels(b, d, leaf, row);
        if (info->has_weights)
            memcpy(b->weights + leaf * b->lanes, b->rows.weights + row,
                   (size_t)b->live[leaf] * sizeof *b->weights);
        batch_load_features(b, d, n, leaf, row, count - row, input);
        row += b->live[leaf];
    }
}

struct loss_batch batch_view(const struct batch *b, const struct loss *loss, const float *logits,
                             float *dlogits, int64_t leaf)
{
    int64_t first = leaf * b->lanes;
    return (struct loss_batch){.kernels = b->kernels,
                               .logits = logits + first,
                               .dlogits = dlogits ? dlogits + first : NULL,
                               .classes = loss->outputs,
                               .lanes = b->lanes,
                               .live = b->live[leaf],
                               .stride = b->leaves * b->lanes,
                               .labels = b->labels + first,
                               .targets = b->targets ? b->targets + first : NULL,
                               .weights = b->has_weights ? b->weights + first : NULL,
                               .losses = b->losses + first,
                               .predicted = b->predicted + first};
}

void batch_measure(const struct batch *b, const struct loss *loss, const float *logits, double *totals)
{
    for (int64_t leaf = 0; leaf < b->leaves; leaf++) {
        struct loss_batch view = batch_view(b, loss, logits, NULL, leaf);
        loss->ops->measure(loss, &view, totals + leaf * loss->totals);
    }
}

void batch_loss(struct batch *b, const struct loss *loss, const float *logits, float *dlogits,
                const double *totals)
{
    for (int64_t leaf = 0; leaf < b->leaves; leaf++) {
        struct loss_batch view = batch_view(b, loss, logits, dlogits, leaf);
        view.totals = totals;
        b->sums[leaf] = loss->ops->compute(loss, &view);
    }
}
