/* multi_margin.c - multi-class hinge loss, as torch.nn.MultiMarginLoss. */
#include <math.h>

#include "nn/losses/parts.h"

static const struct arg args[] = {
    LOSS_REDUCTION_ARG,
    {.name = "p",
     .kind = ARG_INT,
     .default_value = 1,
     .min = 1,
     .max = 2,
     .help = "exponent of each violation of the margin"},
    {.name = "margin",
     .kind = ARG_REAL,
     .default_value = 1,
     .min = -1e30,
     .max = 1e30,
     .help = "margin by which the true class must exceed the others"},
    {.name = "weight", .kind = ARG_LIST, .min = 0, .max = 1e30, .help = "weight of each class; none = all 1"},
    ARG_END,
};
enum { P = LOSS_REDUCTION + 1, MARGIN, WEIGHT };

#define BLOCK 16 /* lanes that are taken together */

/* A block of samples: labels, the outputs of these classes, and the factor of losses and derivatives; 0 in
 * dead lanes. */
struct block {
    int32_t label[BLOCK];
    float own[BLOCK], scale[BLOCK];
};

static struct block multi_margin_block_at(const struct loss *l, const struct loss_batch *b, int64_t first)
{
    struct block s = {{0}, {0}, {0}};
    const float *weights = l->lists[WEIGHT];
    for (int i = 0; i < BLOCK && first + i < b->live; i++) {
        int64_t n = first + i;
        s.label[i] = b->labels[n];
        s.own[i] = b->logits[s.label[i] * b->stride + n];
        s.scale[i] =
            (float)(loss_factor(b, n) * (weights ? (double)weights[s.label[i]] : 1) / (double)b->classes);
    }
    return s;
}

/* Adds the violations of all classes but the true one to `sum`, writes their derivatives, and adds these
 * to `pull`. */
LOOP_BODY void multi_margin_add_gaps_of(const struct loss_batch *b, const struct block *s, int64_t first,
                                        int count, bool square, float margin, double sum[BLOCK],
                                        double pull[BLOCK])
{
    float unused[BLOCK];
    for (int64_t k = 0; k < b->classes; k++) {
        const float *restrict x = b->logits + k * b->stride + first;
        float *restrict dx = b->dlogits ? b->dlogits + k * b->stride + first : unused;
        for (int i = 0; i < count; i++) {
            float gap = margin - s->own[i] + x[i];
            bool none = (k == s->label[i]) | (gap <= 0); /* NaN counts as a violation */
            float loss = square ? gap * gap : gap, slope = square ? 2 * gap : 1;
            dx[i] = (none | (first + i >= b->live)) ? 0 : slope * s->scale[i];
            sum[i] += none ? 0 : (double)loss;
            pull[i] += (double)dx[i];
        }
    }
}

LOOP_BODY void multi_margin_add_gaps_body(const struct loss_batch *b, const struct block *s, int64_t first,
                                          bool square, float margin, double sum[BLOCK], double pull[BLOCK])
{
    int64_t left = b->lanes - first;
    if (left >= BLOCK)
        multi_margin_add_gaps_of(b, s, first, BLOCK, square, margin, sum, pull);
    else
        multi_margin_add_gaps_of(b, s, first, (int)left, square, margin, sum, pull);
}
LOOP_VERSIONS(multi_margin_add_gaps,
              (const struct loss_batch *b, const struct block *s, int64_t first, bool square, float margin,
               double sum[BLOCK], double pull[BLOCK]),
              (b, s, first, square, margin, sum, pull))

static struct loss_sums multi_margin_compute(const struct loss *l, const struct loss_batch *b)
{
    loss_predict(b);
    for (int64_t first = 0; first < b->lanes; first += BLOCK) {
        double sum[BLOCK] = {0}, pull[BLOCK] = {0};
        struct block s = multi_margin_block_at(l, b, first);
        multi_margin_add_gaps[b->kernels->number](b, &s, first, l->args.of[P] == 2, (float)l->args.of[MARGIN],
                                                  sum, pull);
        for (int i = 0; i < BLOCK && first + i < b->live; i++) {
            int64_t n = first + i;
            b->losses[n] = loss_saw_nan(b, n) ? NAN : (double)s.scale[i] * sum[i];
            if (b->dlogits) b->dlogits[s.label[i] * b->stride + n] = (float)-pull[i];
        }
    }
    return loss_total_classes(l, b, NULL);
}

extern const struct loss_ops loss_multi_margin;
const struct loss_ops loss_multi_margin = {
    .name = "multi_margin",
    .help = "sum over the other classes of max(0, margin - x[class] + x[other])^p / classes, as "
            "torch.nn.MultiMarginLoss",
    .args = args,
    .targets = TARGET_BIT(TARGET_INDEX) | TARGET_BIT(TARGET_ONEHOT),
    .output = OUTPUT_SCORES,
    .compute = multi_margin_compute,
};
