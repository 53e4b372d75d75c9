/* softmax.c - softmax cross entropy: losses, gradient and predictions from the logits. */
#include <math.h>

#include "math/vec/loss/part.h"

/* A register of columns: the exponentials go to `e` [K][stride], the rest is returned. */
struct column {
    vec max, sum;
    veci argmax;
};

VEC_INLINE struct column softmax_column(const float *logits, int64_t classes, int64_t stride, int64_t count,
                                        float *e)
{
    struct column c = {.max = vec_load_some(logits, count), .sum = {0}, .argmax = {0}};
    for (int64_t k = 1; k < classes; k++) {
        vec value = vec_load_some(logits + k * stride, count);
        veci better =
            (value > c.max) | ((value != value) & (c.max == c.max)); /* NaN is the maximum, as torch */
        c.max = vec_select(better, value, c.max);
        c.argmax = (better & ((int32_t)k - (veci){0})) | (~better & c.argmax);
    }
    for (int64_t k = 0; k < classes; k++) {
        /* wrong for NaN, but then the maximum is NaN and with it the loss */
        vec value = vec_exp_nonpositive(vec_load_some(logits + k * stride, count) - c.max);
        c.sum += value;
        if (e) vec_store_some(e + k * stride, count, value);
    }
    return c;
}

/* What softmax gets and gives, of `live` samples. */
struct softmax_samples {
    const float *logits;
    int64_t classes, stride, live;
    const int32_t *labels;
    float *dlogits;
    double *losses;
    int32_t *predicted;
};

VEC_INLINE void softmax_register(const struct softmax_samples *s, int64_t n, int64_t count)
{
    float *dx = s->dlogits ? s->dlogits + n : NULL;
    struct column c = softmax_column(s->logits + n, s->classes, s->stride, count, dx);
    vec scale = 1.0f / c.sum;
    veci live = part_mask(s->live - n);
    for (int64_t k = 0; dx && k < s->classes; k++) {
        float *at = dx + k * s->stride;
        vec_store_some(at, count, vec_select(live, vec_load_some(at, count) * scale, vec_all(0)));
    }
    for (int i = 0; i < VW && n + i < s->live; i++) {
        int64_t at = s->labels[n + i] * s->stride + n + i;
        s->losses[n + i] = log((double)c.sum[i]) + (double)c.max[i] - (double)s->logits[at];
        if (dx) s->dlogits[at] -= 1.0f;
        if (s->predicted) s->predicted[n + i] = c.argmax[i];
    }
}

void LEVEL(softmax)(const float *logits, int64_t classes, int64_t stride, int64_t lanes, int64_t live,
                    const int32_t *labels, float *dlogits, double *losses, int32_t *predicted)
{
    struct softmax_samples s = {logits, classes, stride, live, labels, dlogits, losses, predicted};
    int64_t n = 0;
    for (; n + VW <= lanes; n += VW) softmax_register(&s, n, VW);
    if (n < lanes) softmax_register(&s, n, lanes - n);
}

/* For one register of samples: the sum over classes of their weights, and of weight times (logit -
 * maximum). */
struct weighed {
    vecd total, product;
};

/* The weight of class k. Without targets it is the even share alone; the label's own share is added per
 * sample. */
VEC_INLINE vec softmax_weigh_class(const struct softmax_target *s, int64_t k, int64_t n, int64_t count)
{
    vec share = vec_all(s->even);
    if (s->targets) share = vec_load_some(s->targets + k * s->stride + n, count) * s->keep + share;
    return share * (s->weights ? s->weights[k] : 1.0f);
}

VEC_INLINE struct weighed softmax_weigh_classes(const struct softmax_target *s, int64_t n, int64_t count,
                                                vec max)
{
    struct weighed sum = {{0}, {0}};
    if (!s->targets && s->even == 0) return sum;
    vecd zero = __builtin_convertvector(max, vecd);
    for (int64_t k = 0; k < s->classes; k++) {
        vecd weight = __builtin_convertvector(softmax_weigh_class(s, k, n, count), vecd);
        vec logit = vec_load_some(s->logits + k * s->stride + n, count);
        sum.total += weight;
        sum.product += weight * (__builtin_convertvector(logit, vecd) - zero);
    }
    return sum;
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

VEC_INLINE void softmax_target_gradient(const struct softmax_target *s, int64_t n, int64_t count, vec scale,
                                        vec factor, float *dlogits)
{
    bool label_only = !s->targets && s->even == 0;
    veci counted = factor != 0.0f; /* elsewhere there may be NaN */
    for (int64_t k = 0; k < s->classes; k++) {
        float *at = dlogits + k * s->stride + n;
        vec gradient = part_round(vec_load_some(at, count) * scale);
        if (!label_only) gradient -= factor * softmax_weigh_class(s, k, n, count);
        vec_store_some(at, count, vec_select(counted, gradient, vec_all(0)));
    }
    for (int i = 0; i < VW && n + i < s->live; i++) {
        float label = factor[i] * softmax_weigh_label(s, n + i);
        if (label != 0) dlogits[s->labels[n + i] * s->stride + n + i] -= label;
    }
}

VEC_INLINE void softmax_target_register(const struct softmax_target *s, int64_t n, int64_t count,
                                        float *dlogits, double *losses, int32_t *predicted)
{
    float *e = dlogits ? dlogits + n : NULL;
    struct column c = softmax_column(s->logits + n, s->classes, s->stride, count, e);
    struct weighed sum = softmax_weigh_classes(s, n, count, c.max);
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
    if (dlogits) softmax_target_gradient(s, n, count, scale, factor, dlogits);
}

void LEVEL(softmax_target)(const struct softmax_target *s, float *dlogits, double *losses, int32_t *predicted)
{
    int64_t n = 0;
    for (; n + VW <= s->lanes; n += VW) softmax_target_register(s, n, VW, dlogits, losses, predicted);
    if (n < s->lanes) softmax_target_register(s, n, s->lanes - n, dlogits, losses, predicted);
}
