/* softmax.c - softmax cross entropy: losses, gradient and predictions from the logits. */
#include <math.h>

#include "math/vec/math.h"

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
        /* wrong for NaN, but then the maximum is NaN and with it the loss */
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

/* For one register of samples: the sum over classes of their weights, and of weight times (logit -
 * maximum). */
struct weighed {
    vecd total, product;
};

/* The weight of class k. Without targets it is the even share alone; the label's own share is added per
 * sample. */
VEC_INLINE vec softmax_weigh_class(const struct softmax_target *s, int64_t k, int64_t n)
{
    vec share = vec_all(s->even);
    if (s->targets) share = vec_load(s->targets + k * s->stride + n) * s->keep + share;
    return share * (s->weights ? s->weights[k] : 1.0f);
}

VEC_INLINE void softmax_weigh_classes(const struct softmax_target *s, int64_t n, vec max, struct weighed *sum)
{
    *sum = (struct weighed){{0}, {0}};
    if (!s->targets && s->even == 0) return;
    vecd zero = __builtin_convertvector(max, vecd);
    for (int64_t k = 0; k < s->classes; k++) {
        vecd count = __builtin_convertvector(softmax_weigh_class(s, k, n), vecd);
        sum->total += count;
        sum->product +=
            count * (__builtin_convertvector(vec_load(s->logits + k * s->stride + n), vecd) - zero);
    }
}

/* The weight of the label of a live sample, beyond the even share. */
VEC_INLINE float softmax_weigh_label(const struct softmax_target *s, int64_t sample)
{
    if (s->targets || s->labels[sample] == s->ignored) return 0;
    return s->weights ? s->weights[s->labels[sample]] * s->keep : s->keep;
}

VEC_INLINE float softmax_factor(const struct softmax_target *s, int64_t sample)
{
    if (sample >= s->live || (!s->targets && s->labels[sample] == s->ignored)) return 0;
    return s->factors ? s->factors[sample] : 1;
}

VEC_INLINE void softmax_target_gradient(const struct softmax_target *s, int64_t n, vec scale, vec factor,
                                        float *dlogits)
{
    bool label_only = !s->targets && s->even == 0;
    veci counted = factor != 0.0f; /* elsewhere there may be NaN */
    for (int64_t k = 0; k < s->classes; k++) {
        float *at = dlogits + k * s->stride + n;
        vec gradient = vec_load(at) * scale;
        if (!label_only) gradient = gradient - factor * softmax_weigh_class(s, k, n);
        vec_store(at, vec_select(counted, gradient, vec_all(0)));
    }
    for (int i = 0; i < VW && n + i < s->live; i++) {
        float label = factor[i] * softmax_weigh_label(s, n + i);
        if (label != 0) dlogits[s->labels[n + i] * s->stride + n + i] -= label;
    }
}

void LEVEL(softmax_target)(const struct softmax_target *s, float *dlogits, double *losses, int32_t *predicted)
{
    for (int64_t n = 0; n < s->lanes; n += VW) {
        struct column c = softmax_column(s->logits + n, s->classes, s->stride, dlogits ? dlogits + n : NULL);
        struct weighed sum;
        softmax_weigh_classes(s, n, c.max, &sum);
        vec factor = {0}, scale = {0};
        for (int i = 0; i < VW && n + i < s->live; i++) {
            float label = softmax_weigh_label(s, n + i);
            double loss = sum.total[i] * log((double)c.sum[i]) - sum.product[i];
            if (label != 0)
                loss += (double)label * (log((double)c.sum[i]) + (double)c.max[i] -
                                         (double)s->logits[s->labels[n + i] * s->stride + n + i]);
            factor[i] = softmax_factor(s, n + i);
            scale[i] = factor[i] * ((float)sum.total[i] + label) / c.sum[i];
            losses[n + i] = (double)factor[i] * (c.max[i] == c.max[i] ? loss : NAN);
            if (predicted) predicted[n + i] = c.argmax[i];
        }
        if (dlogits) softmax_target_gradient(s, n, scale, factor, dlogits);
    }
}
