/* parts.c - what several losses share: predictions, and sums over samples. */
#include "nn/losses/parts.h"

#define BLOCK 64

LOOP_BODY void predict_classes_body(const struct loss_batch *b)
{
    for (int64_t n = 0; n < b->lanes; n += BLOCK) {
        float max[BLOCK];
        int32_t class[BLOCK];
        int width = b->lanes - n < BLOCK ? (int)(b->lanes - n) : BLOCK;
        for (int i = 0; i < width; i++) max[i] = b->logits[n + i], class[i] = 0;
        for (int64_t k = 1; k < b->classes; k++) {
            const float *x = b->logits + k * b->stride + n;
            for (int i = 0; i < width; i++) {
                bool stays = (max[i] >= x[i]) | (max[i] != max[i]); /* false if x is the first NaN */
                class[i] = stays ? class[i] : (int32_t)k;
                max[i] = stays ? max[i] : x[i];
            }
        }
        for (int i = 0; i < width && n + i < b->live; i++) b->predicted[n + i] = class[i];
    }
}

LOOP_VERSIONS(predict_classes, (const struct loss_batch *b), (b))

void loss_predict(const struct loss_batch *b)
{
    for (int64_t p = 0; p < loss_batch_positions(b); p++) {
        struct loss_batch one = loss_batch_at(b, p);
        predict_classes[b->kernels->number](&one);
    }
}

/* Counts the samples whose every label is predicted correctly; a target above 1/2 is on. */
LOOP_BODY void count_right_body(const struct loss_batch *b, float cut, int64_t *count)
{
    int64_t right = 0;
    for (int64_t n = 0; n < b->lanes; n += BLOCK) {
        int32_t wrong[BLOCK] = {0};
        int width = b->lanes - n < BLOCK ? (int)(b->lanes - n) : BLOCK;
        for (int64_t k = 0; k < b->classes; k++) {
            const float *x = b->logits + k * b->stride + n, *target = b->targets + k * b->stride + n;
            for (int i = 0; i < width; i++) wrong[i] |= (x[i] > cut) != (target[i] > 0.5f);
        }
        for (int i = 0; i < width && n + i < b->live; i++) right += !wrong[i];
    }
    *count = right;
}
LOOP_VERSIONS(count_right, (const struct loss_batch *b, float cut, int64_t *count), (b, cut, count))

/* The sums over one position, without the losses. */
static struct loss_sums loss_count(const struct loss *l, const struct loss_batch *b, double share)
{
    struct loss_sums sums = {.valid = b->live};
    enum task task = loss_task(l);
    if (!b->weights) sums.weight = (double)b->live * share; /* exact, as `share` is a whole number */
    for (int64_t n = 0; b->weights && n < b->live; n++) sums.weight += loss_factor(b, n) * share;
    for (int64_t n = 0; task == TASK_CLASSES && n < b->live; n++)
        sums.correct += b->predicted[n] == b->labels[n];
    if (task == TASK_LABELS) count_right[b->kernels->number](b, loss_cut(l), &sums.correct);
    return sums;
}

static struct loss_sums loss_count_classes(const struct loss *l, const struct loss_batch *b,
                                           const float *weights)
{
    struct loss_sums sums = {0};
    for (int64_t n = 0; n < b->live; n++) {
        if (b->labels[n] == l->ignored) continue;
        sums.weight += loss_factor(b, n) * (weights ? (double)weights[b->labels[n]] : 1);
        sums.correct += b->predicted[n] == b->labels[n];
        sums.valid++;
    }
    return sums;
}

static struct loss_sums loss_sum_losses(const struct loss_batch *b)
{
    struct loss_sums sums = {.count = b->live};
    for (int64_t n = 0; n < b->live; n++) sums.loss += b->losses[n];
    return sums;
}

struct loss_sums loss_total(const struct loss *l, const struct loss_batch *b, double share)
{
    struct loss_sums sums = loss_sum_losses(b);
    for (int64_t p = 0; p < loss_batch_positions(b); p++) {
        struct loss_batch one = loss_batch_at(b, p);
        struct loss_sums more = loss_count(l, &one, share);
        loss_sums_add(&sums, &more);
    }
    return sums;
}

struct loss_sums loss_total_classes(const struct loss *l, const struct loss_batch *b, const float *weights)
{
    struct loss_sums sums = loss_sum_losses(b);
    for (int64_t p = 0; p < loss_batch_positions(b); p++) {
        struct loss_batch one = loss_batch_at(b, p);
        struct loss_sums more = loss_count_classes(l, &one, weights);
        loss_sums_add(&sums, &more);
    }
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
