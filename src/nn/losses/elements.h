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

/* Call it with a constant `term`; LOSS_ELEMENTS does. */
LOOP_BODY void loss_elements(const struct loss_batch *b,
                             struct loss_term (*term)(float x, float target, float parameter),
                             float parameter)
{
    for (int64_t n = 0; n < b->lanes; n += LOSS_BLOCK) {
        float factor[LOSS_BLOCK] = {0}, unused[LOSS_BLOCK];
        double sum[LOSS_BLOCK] = {0};
        for (int i = 0; i < LOSS_BLOCK && n + i < b->live; i++)
            factor[i] = b->weights ? b->weights[n + i] : 1;
        for (int64_t k = 0; k < b->classes; k++) {
            int64_t at = k * b->stride + n;
            const float *restrict x = b->logits + at, *restrict target = b->targets + at;
            float *restrict dx = b->dlogits ? b->dlogits + at : unused;
            for (int i = 0; i < LOSS_BLOCK; i++) {
                struct loss_term t = term(x[i], target[i], parameter);
                sum[i] += (double)t.loss;
                dx[i] = n + i < b->live ? t.slope * factor[i] : 0;
            }
        }
        for (int i = 0; i < LOSS_BLOCK && n + i < b->live; i++) b->losses[n + i] = (double)factor[i] * sum[i];
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
