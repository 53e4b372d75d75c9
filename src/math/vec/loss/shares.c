/* shares.c - probabilities of classes or labels, at every position. */
#include "math/vec/math.h"

VEC_INLINE void shares_softmax(const struct loss_shares *s, const float *x, float *y)
{
    vec max = vec_load(x), sum = {0};
    for (int64_t k = 1; k < s->classes; k++) {
        vec value = vec_load(x + k * s->stride);
        max = vec_select((value > max) | (value != value), value, max);
    }
    for (int64_t k = 0; k < s->classes; k++) {
        vec e = vec_exp(vec_load(x + k * s->stride) - max);
        sum += e;
        vec_store(y + k * s->stride, e);
    }
    sum = 1.0f / sum;
    for (int64_t k = 0; k < s->classes; k++) {
        float *at = y + k * s->stride;
        vec_store(at, vec_load(at) * sum);
    }
}

void LEVEL(loss_shares)(const struct loss_shares *s, float *y)
{
    for (int64_t p = 0; p < s->positions; p++)
        for (int64_t n = 0; n < s->lanes; n += VW) {
            int64_t at = p * s->row + n;
            if (s->softmax)
                shares_softmax(s, s->x + at, y + at);
            else
                for (int64_t k = 0; k < s->classes; k++)
                    vec_store(y + k * s->stride + at, vec_sigmoid(vec_load(s->x + k * s->stride + at)));
        }
}
