/* batch.c - gathers the samples of a pass, and shows its virtual ranks to the loss. */
#include "data/batch.h"

#include <assert.h>
#include <string.h>

#include "math/loop.h"
#include "core/mem.h"

static enum status batch_allocate(struct batch *b, const struct batch_spec *spec)
{
    size_t leaves = (size_t)b->leaves, count = leaves * (size_t)b->lanes,
           cells = count * (size_t)b->positions;
    TRY(mem_alloc(&b->live, leaves, sizeof *b->live, "batch"));
    TRY(mem_alloc(&b->first, leaves, sizeof *b->first, "batch"));
    TRY(mem_alloc(&b->samples, count, sizeof *b->samples, "batch"));
    TRY(mem_alloc(&b->taken, count, sizeof *b->taken, "batch"));
    TRY(mem_alloc(&b->rows.features, count, sizeof *b->rows.features, "batch"));
    TRY(mem_alloc(&b->rows.labels, count, sizeof *b->rows.labels, "batch"));
    TRY(mem_alloc(&b->rows.targets, count, sizeof *b->rows.targets, "batch"));
    TRY(mem_alloc(&b->rows.weights, count, sizeof *b->rows.weights, "batch"));
    TRY(mem_alloc(&b->labels, cells, sizeof *b->labels, "batch"));
    TRY(mem_alloc(&b->targets, cells * (size_t)spec->width, sizeof *b->targets, "batch"));
    TRY(mem_alloc(&b->weights, cells, sizeof *b->weights, "batch"));
    TRY(mem_alloc(&b->ones, (size_t)spec->width, sizeof *b->ones, "batch"));
    TRY(mem_alloc(&b->zeros, (size_t)spec->width, sizeof *b->zeros, "batch"));
    TRY(mem_alloc(&b->scratch, count * (size_t)spec->scratch, sizeof *b->scratch, "batch"));
    TRY(mem_alloc(&b->room, (size_t)spec->room, sizeof *b->room, "batch"));
    TRY(mem_alloc(&b->losses, count, sizeof *b->losses, "batch"));
    TRY(mem_alloc(&b->predicted, cells, sizeof *b->predicted, "batch"));
    TRY(mem_alloc(&b->sums, leaves, sizeof *b->sums, "batch"));
    for (int64_t k = 0; k < spec->width; k++) b->ones[k] = 1;
    return STATUS_OK;
}

enum status batch_init(struct batch *b, const struct batch_spec *spec)
{
    assert(spec->leaves == 1 || spec->lanes % 16 == 0);
    *b = (struct batch){.kernels = spec->kernels,
                        .lanes = spec->lanes,
                        .leaves = spec->leaves,
                        .positions = spec->positions ? spec->positions : 1};
    enum status status = batch_allocate(b, spec);
    if (status != STATUS_OK) batch_free(b);
    return status;
}

void batch_free(struct batch *b)
{
    struct dataset_rows *r = &b->rows;
    void *all[] = {&b->live,    &b->first,   &b->samples, &b->taken,     &r->features, &r->labels,
                   &r->targets, &r->weights, &b->labels,  &b->targets,   &b->weights,  &b->ones,
                   &b->zeros,   &b->scratch, &b->losses,  &b->predicted, &b->sums,     &b->room};
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

/* A draw is told from another one of the same sample by its position in the epoch. */
static void batch_find_draws(struct batch *b, const struct batch_augment *augment)
{
    int64_t count = 0;
    for (int64_t leaf = 0; leaf < b->leaves; leaf++)
        for (int64_t i = 0; i < b->live[leaf]; i++) b->keys[count++] = augment->position + b->first[leaf] + i;
}

/* Looks up all live samples of the pass; returns their number. */
static int64_t batch_find_rows(struct batch *b, const struct dataset *d, const struct batch_augment *augment)
{
    int64_t count = 0;
    for (int64_t leaf = 0; leaf < b->leaves; leaf++)
        for (int64_t i = 0; i < b->live[leaf]; i++) b->taken[count++] = b->samples[leaf * b->lanes + i];
    dataset_take(d, b->taken, count, &b->rows);
    b->keys = b->taken; /* which have been looked up */
    if (augment && augment->draws) batch_find_draws(b, augment);
    return count;
}

/* Without labels for each position, and where all stay, rows are those of the set. */
static void batch_cut_row(const struct batch *b, const struct dataset *d, int64_t sample,
                          const struct dataset_rows *row)
{
    if (b->still && dataset_positions(d) != b->positions) augment_move(b->still, 0, &sample, 1, row);
}

const int32_t *batch_find_classes(const struct batch *b, const struct dataset *d, int64_t sample)
{
    const int32_t *classes = dataset_classes(d, sample);
    batch_cut_row(b, d, sample, &(struct dataset_rows){.labels = &classes});
    return classes;
}

const float *batch_find_targets(const struct batch *b, const struct dataset *d, int64_t sample)
{
    const float *targets = dataset_targets(d, sample);
    batch_cut_row(b, d, sample, &(struct dataset_rows){.targets = &targets});
    return targets;
}

/* Lanes that are filled at a time: all of a virtual rank, or up to 16 of them. */
struct batch_part {
    int64_t first, lanes; /* of the pass */
    int64_t live;         /* the first of them, whose samples are the rows from `row` on */
    int64_t row, ahead;   /* rows that come after them */
    int64_t features;     /* of a row */
};

/* Words of 4 bytes of up to 16 samples, side by side: rows [live][count] become columns [count][stride]. */
LOOP_BODY void transpose_words_body(const void *const *rows, int64_t live, int64_t count, int64_t stride,
                                    uint32_t *to)
{
    for (int64_t i = 0; i < live; i++) {
        const uint32_t *row = rows[i];
        for (int64_t p = 0; p < count; p++) to[p * stride + i] = row[p];
    }
}
LOOP_VERSIONS(transpose_words,
              (const void *const *rows, int64_t live, int64_t count, int64_t stride, uint32_t *to),
              (rows, live, count, stride, to))

#define BLOCK 256 /* positions whose columns stay in the cache meanwhile */

/* Puts rows of `count` words under the lanes; dead lanes become zeros. */
static void batch_load_words(const struct batch *b, const void *const *rows, const struct batch_part *part,
                             int64_t count, void *out)
{
    int64_t stride = batch_lanes(b), live = part->live;
    uint32_t *to = (uint32_t *)out + part->first;
    const void *at[16];
    for (int64_t first = 0; first < count; first += BLOCK, to += BLOCK * stride) {
        int64_t width = count - first < BLOCK ? count - first : BLOCK;
        for (int64_t n = 0; n < live; n += 16) {
            int64_t lanes = live - n < 16 ? live - n : 16;
            for (int64_t i = 0; i < lanes; i++) at[i] = (const uint32_t *)rows[n + i] + first;
            transpose_words[b->kernels->number](at, lanes, width, stride, to + n);
        }
        for (int64_t p = 0; live < part->lanes && p < width; p++)
            memset(to + p * stride + live, 0, (size_t)(part->lanes - live) * sizeof *to);
    }
}

/* The first maximum of up to 16 columns. */
LOOP_BODY void find_classes16(int64_t width, int64_t stride, int count, const float *targets, int32_t *labels)
{
    float max[16];
    int32_t class[16] = {0};
    for (int i = 0; i < count; i++) max[i] = targets[i];
    for (int64_t k = 1; k < width; k++)
        for (int i = 0; i < count; i++) {
            float value = targets[k * stride + i];
            class[i] = value > max[i] ? (int32_t)k : class[i];
            max[i] = value > max[i] ? value : max[i];
        }
    for (int i = 0; i < count; i++) labels[i] = class[i];
}

LOOP_BODY void find_classes_body(int64_t width, int64_t stride, int64_t count, const float *targets,
                                 int32_t *labels)
{
    int64_t n = 0;
    for (; n + 16 <= count; n += 16) find_classes16(width, stride, 16, targets + n, labels + n);
    if (n < count) find_classes16(width, stride, (int)(count - n), targets + n, labels + n);
}
LOOP_VERSIONS(find_classes,
              (int64_t width, int64_t stride, int64_t count, const float *targets, int32_t *labels),
              (width, stride, count, targets, labels))

/* The class of one-hot rows and probabilities: the first maximum of every column. Where a virtual rank has the
 * pass for itself, its positions are one row. */
static void batch_find_maxima(struct batch *b, int64_t width, int64_t first, int64_t lanes)
{
    int64_t stride = batch_lanes(b), rows = lanes == stride ? 1 : b->positions;
    for (int64_t p = 0, at = first; p < rows; p++, at += stride)
        find_classes[b->kernels->number](width, b->positions * stride, lanes * (b->positions / rows),
                                         b->targets + at, b->labels + at);
}

/* A row becomes a column of the targets. */
static void batch_load_row(struct batch *b, int64_t width, const float *row, int64_t at)
{
    const struct normal *n = b->target_normal;
    int64_t stride = batch_lanes(b);
    for (int64_t k = 0; k < width; k++)
        b->targets[k * stride + at] = n ? row[k] * n->scale[k] + n->shift[k] : row[k];
}

static void batch_load_targets(struct batch *b, int64_t width, const struct batch_part *part)
{
    const struct normal *n = b->target_normal;
    struct gather g = {.channels = width,
                       .per_channel = b->positions,
                       .lanes = part->lanes,
                       .live = part->live,
                       .ahead = part->ahead,
                       .stride = batch_lanes(b),
                       .scale = n ? n->scale : b->ones,
                       .shift = n ? n->shift : b->zeros};
    const float *const *rows = b->rows.targets + part->row;
    if (b->positions > 1) {
        b->kernels->gather_f32(&g, rows, b->targets + part->first);
        return;
    }
    for (int64_t i = 0; i < part->live; i++) batch_load_row(b, width, rows[i], part->first + i);
    for (int64_t k = 0; k < width; k++)
        for (int64_t i = part->live; i < part->lanes; i++) b->targets[k * g.stride + part->first + i] = 0;
}

static void batch_load_labels(struct batch *b, const struct dataset *d, const struct batch_part *part)
{
    int64_t width = dataset_width(d);
    enum target_kind kind = dataset_kind(d);
    if (kind == TARGET_INDEX) {
        batch_load_words(b, (const void *const *)(b->rows.labels + part->row), part, b->positions, b->labels);
        return;
    }
    batch_load_targets(b, width, part);
    if (kind == TARGET_ONEHOT || kind == TARGET_PROBS) batch_find_maxima(b, width, part->first, part->lanes);
}

static void batch_load_features(struct batch *b, const struct normal *n, const struct batch_part *part,
                                float *input)
{
    normal_gather(n, b->kernels,
                  &(struct normal_rows){.rows = b->rows.features + part->row,
                                        .features = part->features,
                                        .lanes = part->lanes,
                                        .live = part->live,
                                        .ahead = part->ahead,
                                        .stride = batch_lanes(b),
                                        .room = b->room},
                  input + part->first);
}

static void batch_load_part(struct batch *b, const struct dataset *d, const struct normal *n,
                            const struct batch_part *part, float *input)
{
    const struct source_info *info = dataset_info(d);
    if (info->has_labels) batch_load_labels(b, d, part);
    if (info->has_weights)
        batch_load_words(b, (const void *const *)(b->rows.weights + part->row), part, b->weight_width,
                         b->weights);
    batch_load_features(b, n, part, input);
}

/* Moves the positions of the samples of a part, whose copies are valid until the next part. */
static void batch_move_part(struct batch *b, const struct dataset *d, const struct batch_augment *augment,
                            struct batch_part *part)
{
    bool labels = dataset_info(d)->has_labels && dataset_positions(d) > 1;
    bool classes = dataset_kind(d) == TARGET_INDEX;
    const struct dataset_rows rows = {.features = b->rows.features + part->row,
                                      .labels = labels && classes ? b->rows.labels + part->row : NULL,
                                      .targets = labels && !classes ? b->rows.targets + part->row : NULL,
                                      .weights = b->weight_width > 1 ? b->rows.weights + part->row : NULL};
    augment_move(augment->how, augment->epoch, b->keys + part->row, part->live, &rows);
    if (augment->how->moves) part->ahead = 0;
}

/* Loads up to 16 lanes of changed samples. */
static void batch_load_changed(struct batch *b, const struct dataset *d, const struct normal *n,
                               const struct batch_augment *augment, struct batch_part *part, float *input)
{
    batch_move_part(b, d, augment, part);
    part->features = shape_features(augment->how->moved);
    batch_load_part(b, d, n, part, input);
    augment_change(augment->how, augment->epoch, b->keys + part->row, part->live, part->lanes,
                   input + part->first, batch_lanes(b));
}

/* Classes of a virtual rank, at each position, become rows with a single 1. */
static void batch_expand_classes(struct batch *b, int64_t first, int64_t live, int64_t outputs)
{
    int64_t stride = batch_lanes(b), lanes = batch_own_lanes(b);
    for (int64_t r = 0; r < outputs * b->positions; r++) {
        int64_t k = r / b->positions;
        const int32_t *labels = b->labels + r % b->positions * stride + first;
        float *row = b->targets + r * stride + first;
        for (int64_t i = 0; i < lanes; i++) row[i] = i < live && labels[i] == k;
    }
}

/* Mixes the samples of a virtual rank, which are the rows from `row` on. */
static void batch_mix(struct batch *b, const struct dataset *d, const struct batch_augment *augment,
                      int64_t leaf, int64_t row, float *input)
{
    const struct augment_spec *spec = &augment->how->spec;
    int64_t lanes = batch_own_lanes(b), first = leaf * lanes;
    enum target_kind kind = dataset_kind(d);
    bool stay = kind == TARGET_INDEX && !augment->how->blends; /* classes */
    if (kind == TARGET_INDEX && !stay) batch_expand_classes(b, first, b->live[leaf], spec->outputs);
    const struct augment_rows rows = {.x = input + first,
                                      .targets = b->inputs || stay ? NULL : b->targets + first,
                                      .labels = stay ? b->labels + first : NULL,
                                      .weights = b->weight_width > 1 ? b->weights + first : NULL,
                                      .stride = batch_lanes(b)};
    augment_mix(augment->how, augment->epoch, b->keys + row, b->live[leaf], &rows);
    if (stay || (kind != TARGET_INDEX && kind != TARGET_ONEHOT && kind != TARGET_PROBS)) return;
    batch_find_maxima(b, spec->outputs, first, lanes);
}

void batch_load_augmented(struct batch *b, const struct dataset *d, const struct normal *n,
                          const struct batch_augment *augment, float *input)
{
    const struct source_info *info = dataset_info(d);
    const struct batch_augment still = {.how = b->still};
    if (!augment && b->still) augment = &still;
    int64_t count = batch_find_rows(b, d, augment), row = 0, lanes = batch_own_lanes(b);
    int64_t step = augment && lanes > AUGMENT_ROWS ? AUGMENT_ROWS : lanes;
    b->weight_width = info->has_weights ? dataset_weight_width(d) : 0;
    if (b->weight_width > 1) b->weight_width = b->positions;
    b->inputs = dataset_targets_are_features(d) ? input : NULL;
    bool mixes = augment && !augment->how->spec.still && augment_mixes(augment->how->spec.steps);
    for (int64_t leaf = 0; leaf < b->leaves; leaf++) {
        int64_t first_row = row;
        for (int64_t lane = 0; lane < lanes; lane += step) {
            int64_t left = b->live[leaf] - lane, live = left < 0 ? 0 : left < step ? left : step;
            struct batch_part part = {.first = leaf * lanes + lane,
                                      .lanes = lanes - lane < step ? lanes - lane : step,
                                      .live = live,
                                      .row = row,
                                      .ahead = count - row - live,
                                      .features = shape_features(info->shape)};
            if (augment)
                batch_load_changed(b, d, n, augment, &part, input);
            else
                batch_load_part(b, d, n, &part, input);
            row += live;
        }
        if (mixes) batch_mix(b, d, augment, leaf, first_row, input);
    }
}

void batch_load(struct batch *b, const struct dataset *d, const struct normal *n, float *input)
{
    batch_load_augmented(b, d, n, NULL, input);
}

struct loss_batch batch_view(const struct batch *b, const struct loss *loss, const float *logits,
                             float *dlogits, int64_t leaf)
{
    int64_t lanes = batch_own_lanes(b), first = leaf * lanes, row = batch_lanes(b);
    const float *targets = b->inputs ? b->inputs : b->targets;
    return (struct loss_batch){.kernels = b->kernels,
                               .logits = logits + first,
                               .dlogits = dlogits ? dlogits + first : NULL,
                               .classes = loss->outputs,
                               .lanes = lanes,
                               .live = b->live[leaf],
                               .stride = loss->positions * row,
                               .positions = loss->positions,
                               .row = row,
                               .labels = b->labels + first,
                               .targets = targets ? targets + first : NULL,
                               .weights = b->weight_width ? b->weights + first : NULL,
                               .weight_row = b->weight_width > 1 ? row : 0,
                               .scratch = b->scratch ? b->scratch + first : NULL,
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
        b->sums[leaf] = loss_compute(loss, &view);
    }
}
