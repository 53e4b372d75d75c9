/* shares.c - probabilities of classes or labels, at every position. */
#include "math/vec/loss/part.h"

VEC_INLINE void shares_softmax(const struct loss_shares *s, const float *x, float *y, int64_t count)
{
    vec max = vec_load_some(x, count), sum = {0};
    for (int64_t k = 1; k < s->classes; k++) {
        vec value = vec_load_some(x + k * s->stride, count);
        max = vec_select((value > max) | (value != value), value, max);
    }
    for (int64_t k = 0; k < s->classes; k++) {
        vec e = vec_exp(vec_load_some(x + k * s->stride, count) - max);
        sum += e;
        vec_store_some(y + k * s->stride, count, e);
    }
    sum = 1.0f / sum;
    for (int64_t k = 0; k < s->classes; k++) {
        float *at = y + k * s->stride;
        vec_store_some(at, count, vec_load_some(at, count) * sum);
    }
}

VEC_INLINE void shares_columns(const struct loss_shares *s, const float *x, float *y, int64_t count)
{
    if (s->softmax) {
        shares_softmax(s, x, y, count);
        return;
    }
    for (int64_t k = 0; k < s->classes; k++)
        vec_store_some(y + k * s->stride, count, vec_sigmoid(vec_load_some(x + k * s->stride, count)));
}

void LEVEL(loss_shares)(const struct loss_shares *s, float *y)
{
    bool gapless = s->row == s->lanes; /* the rows of all positions are one */
    int64_t columns = gapless ? s->positions * s->lanes : s->lanes;
    for (int64_t p = 0; p < (gapless ? 1 : s->positions); p++) {
        int64_t at = p * s->row, end = at + columns;
        for (; at + VW <= end; at += VW) shares_columns(s, s->x + at, y + at, VW);
        if (at < end) shares_columns(s, s->x + at, y + at, end - at);
    }
}
