#include <math.h>

#include "math/vec_math.h"

/* One register of lanes: the exponentials go to `e` [K][lanes], the rest is returned. */
struct column {
    vec max, sum;
    veci argmax;
};

VEC_INLINE struct column softmax_column(const float *logits, int64_t classes, int64_t stride, float *e)
{
    struct column c = {.max = vec_load(logits), .sum = {0}, .argmax = {0}};
    for (int64_t k = 1; k < classes; k++) {
        vec value = vec_load(logits + k * stride);
        veci better =
            (value > c.max) | ((value != value) & (c.max == c.max)); /* NaN is the maximum, as torch */
        c.max = vec_select(better, value, c.max);
        c.argmax = (better & ((int32_t)k - (veci){0})) | (~better & c.argmax);
    }
    for (int64_t k = 0; k < classes; k++) {
        /* nonsense for NaN, but then the maximum is NaN and with it the loss */
        vec value = vec_exp_nonpositive(vec_load(logits + k * stride) - c.max);
        c.sum += value;
        if (e) vec_store(e + k * stride, value);
    }
    return c;
}

void LEVEL(softmax)(const float *logits, int64_t classes, int64_t stride, int64_t lanes, int64_t live,
                    const int32_t *labels, float *dlogits, double *losses, int32_t *predicted)
{
    for (int64_t n = 0; n < lanes; n += VW) {
        struct column c = softmax_column(logits + n, classes, stride, dlogits ? dlogits + n : NULL);
        vec scale;
        for (int i = 0; i < VW; i++) scale[i] = n + i < live ? 1.0f / c.sum[i] : 0;
        for (int64_t k = 0; dlogits && k < classes; k++) {
            float *at = dlogits + k * stride + n;
            for (int i = 0; i < VW; i++) at[i] = n + i < live ? at[i] * scale[i] : 0;
        }
        for (int i = 0; i < VW && n + i < live; i++) {
            int64_t label = labels[n + i];
            losses[n + i] = log((double)c.sum[i]) + (double)c.max[i] - (double)logits[label * stride + n + i];
            if (dlogits) dlogits[label * stride + n + i] -= 1.0f;
            if (predicted) predicted[n + i] = c.argmax[i];
        }
    }
}
