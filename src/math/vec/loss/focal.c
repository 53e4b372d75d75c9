/* focal.c - focal loss of class indices (Lin et al., Focal Loss for Dense Object Detection, 2017).
 *
 * With l = log p of the label and q = 1 - p the loss is -q^gamma l, and its derivative with respect to l is
 * q^gamma (gamma p l / q - 1), where l / q tends to -1 as p tends to 1. */
#include "math/vec/loss/part.h"

/* A register of columns. The label's own exponential is kept apart from the sum of the others: p near 1 keeps its
 * digits. */
struct focal {
    vec max, own, others; /* max NaN if an output is */
    veci argmax;
};

VEC_INLINE struct focal focal_column(const struct softmax_target *s, int64_t n, int64_t count, veci label,
                                     float *e)
{
    const float *x = s->logits + n;
    struct focal f = {.max = vec_load_some(x, count)};
    for (int64_t k = 1; k < s->classes; k++) {
        vec value = vec_load_some(x + k * s->stride, count);
        veci better = (value > f.max) | ((value != value) & (f.max == f.max)); /* as softmax.c */
        f.max = vec_select(better, value, f.max);
        f.argmax = (better & ((int32_t)k - (veci){0})) | (~better & f.argmax);
    }
    for (int64_t k = 0; k < s->classes; k++) {
        vec value = vec_exp(vec_load_some(x + k * s->stride, count) - f.max);
        veci own = label == (int32_t)k;
        f.own = vec_select(own, value, f.own);
        f.others += vec_select(own, vec_all(0), value);
        if (e) vec_store_some(e + k * s->stride, count, value);
    }
    return f;
}

/* Labels of a register of columns, and what they count: 0 in dead ones and where the label is ignored. */
VEC_INLINE vec focal_factor(const struct softmax_target *s, int64_t n, veci *label)
{
    vec factor = {0};
    for (int i = 0; i < VW && n + i < s->live; i++) {
        int32_t mine = s->labels[n + i];
        if (mine == s->ignored) continue;
        (*label)[i] = mine;
        factor[i] = (s->factors ? s->factors[n + i] : 1) * (s->weights ? s->weights[mine] : 1);
    }
    return factor;
}

VEC_INLINE void focal_register(const struct softmax_target *s, float gamma, int64_t n, int64_t count,
                               float *dlogits, double *losses, int32_t *predicted)
{
    const vec one = vec_all(1), zero = {0};
    veci label = {0};
    vec factor = focal_factor(s, n, &label);
    float *dx = dlogits ? dlogits + n : NULL;
    struct focal f = focal_column(s, n, count, label, dx);
    vec scale = 1.0f / (f.own + f.others), q = f.others * scale, p = f.own * scale;
    vec l = -vec_select(f.own > 0.0f, vec_log1p(f.others / f.own), vec_log(f.others));
    for (int i = 0; i < VW; i++) /* log p = x - max - log(sum), where exp(x - max) is 0 */
        if (!(f.own[i] > 0) && n + i < s->live) l[i] += s->logits[label[i] * s->stride + n + i] - f.max[i];
    vec power = vec_exp(gamma * vec_log(q));
    power = gamma == 0 ? one : vec_select(q > 0.0f, power, zero);
    vec ratio = vec_select(q > 0.0f, l / q, -one);
    vec slope = factor * power * (gamma * p * ratio - 1.0f), loss = factor * power * l;
    for (int i = 0; i < VW && n + i < s->live; i++) {
        losses[n + i] = f.max[i] == f.max[i] ? -(double)loss[i] : (double)__builtin_nanf("");
        if (predicted) predicted[n + i] = f.argmax[i];
    }
    veci counted = factor != 0.0f;
    for (int64_t k = 0; dx && k < s->classes; k++) {
        vec share = vec_load_some(dx + k * s->stride, count) * scale;
        veci own = label == (int32_t)k;
        vec left = vec_select(own, q, -share);
        vec_store_some(dx + k * s->stride, count, vec_select(counted, slope * left, zero));
    }
}

void LEVEL(softmax_focal)(const struct softmax_target *s, float gamma, float *dlogits, double *losses,
                          int32_t *predicted)
{
    int64_t n = 0;
    for (; n + VW <= s->lanes; n += VW) focal_register(s, gamma, n, VW, dlogits, losses, predicted);
    if (n < s->lanes) focal_register(s, gamma, n, s->lanes - n, dlogits, losses, predicted);
}
