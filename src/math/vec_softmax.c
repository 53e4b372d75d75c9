#include "math/vec.h"

#include <math.h>

/* exp(x) for x <= 0 to about 1 ulp of float32: x = n ln 2 + r with |r| <= ln 2 / 2 (Cody-Waite), a Taylor
 * polynomial of degree 7 in r, and n put into the exponent. Below -87 the result is 0: it is under the smallest
 * normal number. For NaN it is nonsense, but then the caller's maximum is NaN and with it the loss. Own code because
 * libm's differs between machines. */
VEC_INLINE vec exp_nonpositive(vec x)
{
    const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
    vec shifted = x * 1.44269504088896341f + magic;
    vec n = shifted - magic;
    vec r = x - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;
    vec p = vec_all(1.0f / 5040);
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    /* nonsense below -87, where it is not used */
    vecu exponent = ((vecu)shifted - (vecu)vec_all(magic)) << 23;
    vec result = (vec)((vecu)p + exponent);
    return vec_select(x < -87.0f, vec_all(0), result);
}

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
        vec value = exp_nonpositive(vec_load(logits + k * stride) - c.max);
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
