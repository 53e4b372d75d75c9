#include "train/batch.h"

#include "ddp/kernels.h"
#include "ddp/mem.h"

enum status batch_create(struct batch *b, int64_t lanes)
{
    size_t count = (size_t)lanes;
    b->lanes = lanes;
    TRY(mem_alloc(&b->samples, count, sizeof *b->samples, "batch"));
    TRY(mem_alloc(&b->rows, count, sizeof *b->rows, "batch"));
    TRY(mem_alloc(&b->labels, count, sizeof *b->labels, "batch"));
    TRY(mem_alloc(&b->losses, count, sizeof *b->losses, "batch"));
    return mem_alloc(&b->predicted, count, sizeof *b->predicted, "batch");
}

void batch_destroy(struct batch *b)
{
    void *all[] = {&b->samples, &b->rows, &b->labels, &b->losses, &b->predicted};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) mem_free(all[i]);
}

void batch_load(struct batch *b, const struct dataset *d, const struct normal *n, float *input)
{
    const struct source_info *info = dataset_info(d);
    struct gather g = {.channels = n->channels,
                       .per_channel = shape_features(info->shape) / n->channels,
                       .lanes = b->lanes,
                       .live = b->live,
                       .scale = n->scale,
                       .shift = n->shift};
    for (int64_t i = 0; i < b->live; i++) {
        b->rows[i] = dataset_features(d, b->samples[i]);
        b->labels[i] = dataset_label(d, b->samples[i]);
    }
    if (info->type == FEATURE_U8)
        kernels->gather_u8(&g, (const uint8_t *const *)b->rows, input);
    else
        kernels->gather_f32(&g, (const float *const *)b->rows, input);
}

struct loss_sums batch_loss(struct batch *b, const struct loss_ops *loss, const double *args,
                            const float *logits, int64_t classes, float *dlogits)
{
    struct loss_batch view = {.logits = logits,
                              .dlogits = dlogits,
                              .classes = classes,
                              .lanes = b->lanes,
                              .live = b->live,
                              .labels = b->labels,
                              .losses = b->losses,
                              .predicted = b->predicted};
    return loss->compute(args, &view);
}
