#include "train/batch.h"

#include "ddp/kernels.h"
#include "ddp/mem.h"

enum status batch_create(struct batch *b, int64_t lanes, int64_t leaves)
{
    size_t count = (size_t)(lanes * leaves);
    b->lanes = lanes;
    b->leaves = leaves;
    TRY(mem_alloc(&b->live, (size_t)leaves, sizeof *b->live, "batch"));
    TRY(mem_alloc(&b->samples, count, sizeof *b->samples, "batch"));
    TRY(mem_alloc(&b->rows, count, sizeof *b->rows, "batch"));
    TRY(mem_alloc(&b->labels, count, sizeof *b->labels, "batch"));
    TRY(mem_alloc(&b->losses, count, sizeof *b->losses, "batch"));
    TRY(mem_alloc(&b->predicted, count, sizeof *b->predicted, "batch"));
    return mem_alloc(&b->sums, (size_t)leaves, sizeof *b->sums, "batch");
}

void batch_destroy(struct batch *b)
{
    void *all[] = {&b->live, &b->samples, &b->rows, &b->labels, &b->losses, &b->predicted, &b->sums};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) mem_free(all[i]);
}

/* Fills rows and labels; returns the number of rows. */
static int64_t find_rows(struct batch *b, const struct dataset *d)
{
    int64_t rows = 0;
    for (int64_t leaf = 0; leaf < b->leaves; leaf++)
        for (int64_t i = 0; i < b->live[leaf]; i++) {
            int64_t at = leaf * b->lanes + i;
            b->rows[rows++] = dataset_features(d, b->samples[at]);
            b->labels[at] = dataset_label(d, b->samples[at]);
        }
    return rows;
}

void batch_load(struct batch *b, const struct dataset *d, const struct normal *n, float *input)
{
    const struct source_info *info = dataset_info(d);
    int64_t left = find_rows(b, d);
    const void *const *rows = b->rows;
    for (int64_t leaf = 0; leaf < b->leaves; leaf++) {
        struct gather g = {.channels = n->channels,
                           .per_channel = shape_features(info->shape) / n->channels,
                           .lanes = b->lanes,
                           .live = b->live[leaf],
                           .ahead = left - b->live[leaf],
                           .stride = b->leaves * b->lanes,
                           .scale = n->scale,
                           .shift = n->shift};
        if (info->type == FEATURE_U8)
            kernels->gather_u8(&g, (const uint8_t *const *)rows, input + leaf * b->lanes);
        else
            kernels->gather_f32(&g, (const float *const *)rows, input + leaf * b->lanes);
        rows += g.live;
        left -= g.live;
    }
}

struct loss_batch batch_view(const struct batch *b, const struct loss *loss, const float *logits,
                             float *dlogits, int64_t leaf)
{
    int64_t first = leaf * b->lanes;
    return (struct loss_batch){.logits = logits + first,
                               .dlogits = dlogits ? dlogits + first : NULL,
                               .classes = loss->outputs,
                               .lanes = b->lanes,
                               .live = b->live[leaf],
                               .stride = b->leaves * b->lanes,
                               .labels = b->labels + first,
                               .losses = b->losses + first,
                               .predicted = b->predicted + first};
}

void batch_loss(struct batch *b, const struct loss *loss, const float *logits, float *dlogits)
{
    for (int64_t leaf = 0; leaf < b->leaves; leaf++) {
        struct loss_batch view = batch_view(b, loss, logits, dlogits, leaf);
        b->sums[leaf] = loss->ops->compute(loss, &view);
    }
}
