/* elements.h - losses that are a sum over outputs and need arithmetic alone: a loop that the compiler
 * vectorises around the function of one output. */
#ifndef NN_LOSSES_ELEMENTS_H
#define NN_LOSSES_ELEMENTS_H

#include "math/columns.h"
#include "nn/losses/parts.h"

/* Of one output: the loss and its derivative. */
struct loss_term {
    float loss, slope;
};

/* Up to COLUMNS_BLOCK columns of a walk, from column `at` on: what they count, and their losses. */
struct loss_block {
    int64_t at;
    int live; /* the first ones */
    const float *factor;
    double *total;
};

/* Takes `count` columns through all outputs. */
LOOP_BODY void loss_elements_at(const struct loss_batch *b,
                                struct loss_term (*term)(float x, float target, float parameter),
                                float parameter, int count, const struct loss_block *c)
{
    float unused[COLUMNS_BLOCK], factor[COLUMNS_BLOCK];
    double sum[COLUMNS_BLOCK] = {0};
    for (int i = 0; i < count; i++) factor[i] = c->factor[i];
    if (b->weights && b->weight_row > 0)
        for (int i = 0; i < count; i++) factor[i] = i < c->live ? b->weights[c->at + i] : 0;
    for (int64_t k = 0; k < b->classes; k++) {
        int64_t at = k * b->stride + c->at;
        const float *restrict x = b->logits + at, *restrict target = b->targets + at;
        float *restrict dx = b->dlogits ? b->dlogits + at : unused;
        for (int i = 0; i < count; i++) {
            struct loss_term t = term(x[i], target[i], parameter);
            sum[i] += (double)t.loss;
            dx[i] = i < c->live ? t.slope * factor[i] : 0;
        }
    }
    for (int i = 0; i < count; i++) c->total[i] += (double)factor[i] * sum[i];
}

/* Call it with a constant `term`; LOSS_ELEMENTS does. */
LOOP_BODY void loss_elements(const struct loss_batch *b,
                             struct loss_term (*term)(float x, float target, float parameter),
                             float parameter)
{
    struct columns c = columns_begin(b->lanes, b->live, b->positions, b->row);
    for (int64_t n = 0; n < b->live; n++) b->losses[n] = 0;
    while (columns_next(&c)) {
        double total[COLUMNS_WIDE] = {0};
        float factor[COLUMNS_WIDE];
        columns_take_factors(&c, b->weight_row > 0 ? NULL : b->weights, factor);
        for (int64_t row = c.first; row < c.end; row += c.step)
            for (int i = 0; i < c.wide; i += COLUMNS_BLOCK) {
                struct loss_block block = {row + i, c.live - i, factor + i, total + i};
                int count = columns_count(&c, row + i, COLUMNS_BLOCK);
                if (count == COLUMNS_BLOCK)
                    loss_elements_at(b, term, parameter, COLUMNS_BLOCK, &block);
                else
                    loss_elements_at(b, term, parameter, count, &block);
            }
        columns_add_losses(&c, total, b->losses);
    }
}

/* Defines name[KERNELS_LEVELS], versions of the loop over a batch for the inline function `term`
 * (math/loop.h). */
#define LOSS_ELEMENTS(name, term)                                                                            \
    LOOP_BODY void name##_body(const struct loss_batch *b, float parameter)                                  \
    {                                                                                                        \
        loss_elements(b, term, parameter);                                                                   \
    }                                                                                                        \
    LOOP_VERSIONS(name, (const struct loss_batch *b, float parameter), (b, parameter))

#endif
