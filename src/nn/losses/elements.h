/* elements.h - losses that are a sum over outputs and need arithmetic alone: a loop that the compiler
 * vectorises around the function of one output. */
#ifndef NN_LOSSES_ELEMENTS_H
#define NN_LOSSES_ELEMENTS_H

#include "nn/losses/parts.h"

/* Of one output: the loss and its derivative. */
struct loss_term {
    float loss, slope;
};

#define LOSS_BLOCK 16 /* lanes come in multiples of it */

/* The sum over outputs at one position, and its derivatives. */
LOOP_BODY void loss_elements_at(const struct loss_batch *b,
                                struct loss_term (*term)(float x, float target, float parameter),
                                float parameter, int64_t first, int live, const float factor[LOSS_BLOCK],
                                double sum[LOSS_BLOCK])
{
    float unused[LOSS_BLOCK];
    for (int64_t k = 0; k < b->classes; k++) {
        int64_t at = k * b->stride + first;
        const float *restrict x = b->logits + at, *restrict target = b->targets + at;
        float *restrict dx = b->dlogits ? b->dlogits + at : unused;
        for (int i = 0; i < LOSS_BLOCK; i++) {
            struct loss_term t = term(x[i], target[i], parameter);
            sum[i] += (double)t.loss;
            dx[i] = i < live ? t.slope * factor[i] : 0;
        }
    }
}

/* Call it with a constant `term`; LOSS_ELEMENTS does. */
LOOP_BODY void loss_elements(const struct loss_batch *b,
                             struct loss_term (*term)(float x, float target, float parameter),
                             float parameter)
{
    for (int64_t n = 0; n < b->lanes; n += LOSS_BLOCK) {
        double total[LOSS_BLOCK] = {0};
        int live = b->live - n < LOSS_BLOCK ? (int)(b->live - n) : LOSS_BLOCK;
        for (int64_t p = 0; p < loss_batch_positions(b); p++) {
            float factor[LOSS_BLOCK] = {0};
            double sum[LOSS_BLOCK] = {0};
            for (int i = 0; i < live; i++) factor[i] = b->weights ? b->weights[p * b->weight_row + n + i] : 1;
            loss_elements_at(b, term, parameter, p * b->row + n, live, factor, sum);
            for (int i = 0; i < LOSS_BLOCK; i++) total[i] += (double)factor[i] * sum[i];
        }
        for (int i = 0; i < live; i++) b->losses[n + i] = total[i];
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
