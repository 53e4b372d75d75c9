/* parts.c - what several losses share: predictions, and sums over samples. */
#include "nn/losses/parts.h"

#define BLOCK 64

/* Of `width` columns, of which only the first `live` get a prediction. */
LOOP_BODY void predict_block(const struct loss_batch *b, int64_t at, int64_t width, int64_t live)
{
    float max[BLOCK];
    int32_t class[BLOCK];
    for (int64_t i = 0; i < width; i++) max[i] = b->logits[at + i], class[i] = 0;
    for (int64_t k = 1; k < b->classes; k++) {
        const float *x = b->logits + k * b->stride + at;
        for (int64_t i = 0; i < width; i++) {
            bool stays = (max[i] >= x[i]) | (max[i] != max[i]); /* false if x is the first NaN */
            class[i] = stays ? class[i] : (int32_t)k;
            max[i] = stays ? max[i] : x[i];
        }
    }
    for (int64_t i = 0; i < width && i < live; i++) b->predicted[at + i] = class[i];
}

LOOP_BODY void predict_classes_body(const struct loss_batch *b)
{
    struct loss_rows rows = loss_batch_rows(b);
    for (int64_t r = 0; r < rows.count; r++)
        for (int64_t n = 0; n < rows.columns; n += BLOCK) {
            int64_t left = rows.columns - n;
            predict_block(b, r * b->row + n, left < BLOCK ? left : BLOCK, rows.live - n);
        }
}
LOOP_VERSIONS(predict_classes, (const struct loss_batch *b), (b))

void loss_predict(const struct loss_batch *b)
{
    predict_classes[b->kernels->number](b);
}

/* Adds the columns whose every label is predicted correctly; a target above 1/2 is on. */
LOOP_BODY void count_right_block(const struct loss_batch *b, float cut, int64_t at, int64_t width,
                                 int64_t live, int64_t *count)
{
    int32_t wrong[BLOCK] = {0};
    for (int64_t k = 0; k < b->classes; k++) {
        const float *x = b->logits + k * b->stride + at, *target = b->targets + k * b->stride + at;
        for (int64_t i = 0; i < width; i++) wrong[i] |= (x[i] > cut) != (target[i] > 0.5f);
    }
    for (int64_t i = 0; i < width && i < live; i++) *count += !wrong[i];
}

LOOP_BODY void count_right_body(const struct loss_batch *b, float cut, int64_t *count)
{
    struct loss_rows rows = loss_batch_rows(b);
    for (int64_t r = 0; r < rows.count; r++)
        for (int64_t n = 0; n < rows.columns; n += BLOCK) {
            int64_t left = rows.columns - n;
            count_right_block(b, cut, r * b->row + n, left < BLOCK ? left : BLOCK, rows.live - n, count);
        }
}
LOOP_VERSIONS(count_right, (const struct loss_batch *b, float cut, int64_t *count), (b, cut, count))

/* Of the live columns: whose labels are not `ignored`, and of these whose label is predicted. */
struct label_counts {
    int64_t valid, correct;
};

#define COUNTED 65536 /* fit in 32 bits, which are faster */

LOOP_BODY void count_labels_body(const struct loss_batch *b, const int32_t *predicted, int64_t ignored,
                                 struct label_counts *counts)
{
    struct loss_rows rows = loss_batch_rows(b);
    const int32_t label = (int32_t)ignored, all = ignored < INT32_MIN; /* that stands for none */
    *counts = (struct label_counts){0, 0};
    for (int64_t r = 0; r < rows.count; r++)
        for (int64_t n = 0; n < rows.live; n += COUNTED) {
            const int32_t *labels = b->labels + r * b->row + n, *other = predicted + r * b->row + n;
            int width = rows.live - n < COUNTED ? (int)(rows.live - n) : COUNTED;
            int32_t valid = 0, correct = 0;
            for (int i = 0; i < width; i++) {
                int32_t counts_too = (labels[i] != label) | all;
                valid += counts_too;
                correct += counts_too & (labels[i] == other[i]);
            }
            counts->valid += valid;
            counts->correct += correct;
        }
}
LOOP_VERSIONS(count_labels,
              (const struct loss_batch *b, const int32_t *predicted, int64_t ignored,
               struct label_counts *counts),
              (b, predicted, ignored, counts))

int64_t loss_count_valid(const struct loss *l, const struct loss_batch *b)
{
    struct label_counts labels;
    if (l->kind != TARGET_INDEX) return loss_batch_positions(b) * b->live;
    count_labels[b->kernels->number](b, b->labels, l->ignored, &labels);
    return labels.valid;
}

/* Sums the losses and counts what is predicted correctly; the weight is left to the caller. */
static struct loss_sums loss_count(const struct loss *l, const struct loss_batch *b)
{
    struct loss_sums sums = {.valid = loss_batch_positions(b) * b->live, .count = b->live};
    struct label_counts labels;
    enum task task = loss_task(l);
    for (int64_t n = 0; n < b->live; n++) sums.loss += b->losses[n];
    if (task == TASK_LABELS) count_right[b->kernels->number](b, loss_cut(l), &sums.correct);
    if (task != TASK_CLASSES) return sums;
    count_labels[b->kernels->number](b, b->predicted, l->ignored, &labels);
    sums.correct = labels.correct;
    sums.valid = labels.valid;
    return sums;
}

struct loss_sums loss_total(const struct loss *l, const struct loss_batch *b, double share)
{
    struct loss_sums sums = loss_count(l, b);
    if (!b->weights) sums.weight = (double)sums.valid * share; /* exact, as `share` is a whole number */
    for (int64_t p = 0; b->weights && p < loss_batch_positions(b); p++) {
        double weight = 0;
        for (int64_t n = 0; n < b->live; n++) weight += (double)b->weights[p * b->weight_row + n] * share;
        sums.weight += weight;
    }
    return sums;
}

/* Position by position: what the labels of valid columns weigh. */
static double loss_weigh_labels(const struct loss *l, const struct loss_batch *b, const float *weights)
{
    double total = 0;
    for (int64_t p = 0; p < loss_batch_positions(b); p++) {
        const int32_t *labels = b->labels + p * b->row;
        const float *factors = b->weights ? b->weights + p * b->weight_row : NULL;
        double weight = 0;
        for (int64_t n = 0; n < b->live; n++) {
            if (labels[n] == l->ignored) continue;
            weight += (factors ? (double)factors[n] : 1) * (weights ? (double)weights[labels[n]] : 1);
        }
        total += weight;
    }
    return total;
}

struct loss_sums loss_total_classes(const struct loss *l, const struct loss_batch *b, const float *weights)
{
    struct loss_sums sums = loss_count(l, b);
    bool counts = !b->weights && !weights; /* the sum of ones is exact */
    sums.weight = counts ? (double)sums.valid : loss_weigh_labels(l, b, weights);
    return sums;
}

void loss_run_terms(const struct loss_batch *b, struct loss_terms t)
{
    t.x = b->logits;
    t.targets = b->targets;
    t.outputs = b->classes;
    t.stride = b->stride;
    t.lanes = b->lanes;
    t.live = b->live;
    t.factors = b->weights;
    t.positions = b->positions;
    t.row = b->row;
    t.factor_row = b->weight_row;
    b->kernels->loss_terms(&t, b->dlogits, b->losses);
}
