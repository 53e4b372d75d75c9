/* positions.c - softmax cross entropy of labels with positions. */
#include "math/vec/math.h"

/* One register of lanes at one position. */
struct cell {
    vec factor; /* 0 in dead lanes and where the label is ignored */
    veci label, valid, argmax;
    vec max, sum; /* of the exponentials */
};

VEC_INLINE veci cell_labels(const struct softmax_target *s, int64_t at)
{
    return *(const veci *)(const void *)(s->labels + at);
}

VEC_INLINE void cell_open(const struct softmax_target *s, int64_t p, int64_t n, veci live, struct cell *c)
{
    int64_t at = p * s->row + n;
    c->label = cell_labels(s, at);
    c->valid = live;
    bool ignores = !s->targets && s->ignored >= INT32_MIN; /* below stands for none */
    if (ignores) c->valid &= ~(c->label == (int32_t)s->ignored);
    vec factor = s->factors ? vec_load(s->factors + p * s->factor_row + n) : vec_all(1);
    c->factor = vec_select(c->valid, factor, vec_all(0));
}

/* The exponentials go to `e`, if there is room for them. */
VEC_INLINE void cell_exponentials(const struct softmax_target *s, const float *x, float *e, struct cell *c)
{
    c->max = vec_load(x);
    c->argmax = (veci){0};
    for (int64_t k = 1; k < s->classes; k++) {
        vec value = vec_load(x + k * s->stride);
        veci better = (value > c->max) | ((value != value) & (c->max == c->max)); /* as softmax.c */
        c->max = vec_select(better, value, c->max);
        c->argmax = (better & ((int32_t)k - (veci){0})) | (~better & c->argmax);
    }
    c->sum = vec_all(0);
    for (int64_t k = 0; k < s->classes; k++) {
        vec value =
            vec_exp_nonpositive(vec_load(x + k * s->stride) - c->max); /* for NaN the maximum is NaN, too */
        c->sum += value;
        if (e) vec_store(e + k * s->stride, value);
    }
}

/* What class k counts at the cell. */
VEC_INLINE vec cell_weight(const struct softmax_target *s, const struct cell *c, int64_t k, int64_t at)
{
    vec target = s->targets ? vec_load(s->targets + k * s->stride + at)
                            : vec_select(c->label == (int32_t)k, vec_all(1), vec_all(0));
    vec share = target * s->keep + s->even;
    return share * (s->weights ? s->weights[k] : 1.0f);
}

/* The loss, and the gradient in place of the exponentials. */
VEC_INLINE vec cell_finish(const struct softmax_target *s, const struct cell *c, int64_t at, float *dx)
{
    vec total = {0}, product = {0};
    for (int64_t k = 0; k < s->classes; k++) {
        vec weight = cell_weight(s, c, k, at);
        total += weight;
        product += weight * (vec_load(s->logits + k * s->stride + at) - c->max);
    }
    vec scale = c->factor * total / c->sum;
    veci counted = c->factor != 0.0f; /* elsewhere there may be NaN */
    for (int64_t k = 0; dx && k < s->classes; k++) {
        float *to = dx + k * s->stride + at;
        vec gradient = vec_load(to) * scale, own = c->factor * cell_weight(s, c, k, at);
        vec_store(to, vec_select(counted, gradient - own, vec_all(0)));
    }
    vec logs = total * vec_log(c->sum);
    return c->factor * (logs - product);
}

/* The class weight of the label, where it counts in the divisor of a mean. */
VEC_INLINE vec cell_class_weight(const struct softmax_target *s, const struct cell *c)
{
    vec weight = vec_all(1);
    if (!s->weights || s->targets) return weight;
    for (int64_t k = 0; k < s->classes; k++)
        weight = vec_select(c->label == (int32_t)k, vec_all(s->weights[k]), weight);
    return weight;
}

/* Takes one register of lanes through all positions, so that its sums stay in registers. */
VEC_INLINE void positions_column(const struct softmax_target *s, int64_t n, float *dx, double *losses,
                                 int32_t *predicted, struct softmax_counts *counts)
{
    veci live = {0}, valid = {0}, correct = {0};
    vecd loss = {0}, factors = {0};
    for (int i = 0; i < VW && n + i < s->live; i++) live[i] = -1;
    for (int64_t p = 0; p < s->positions; p++) {
        int64_t at = p * s->row + n;
        struct cell c;
        cell_open(s, p, n, live, &c);
        cell_exponentials(s, s->logits + at, dx ? dx + at : NULL, &c);
        vec one = cell_finish(s, &c, at, dx);
        one = vec_select(c.max == c.max, one, c.max);
        loss += __builtin_convertvector(vec_select(live, one, vec_all(0)), vecd);
        vecd weight = __builtin_convertvector(cell_class_weight(s, &c), vecd);
        factors += __builtin_convertvector(c.factor, vecd) * weight;
        valid -= c.valid;
        correct -= c.valid & (c.argmax == c.label);
        if (predicted) *(veci *)(void *)(predicted + at) = c.argmax;
    }
    for (int i = 0; i < VW && n + i < s->live; i++) {
        losses[n + i] = loss[i];
        counts->factors += factors[i];
        counts->valid += valid[i];
        counts->correct += correct[i];
    }
}

void LEVEL(softmax_positions)(const struct softmax_target *s, float *dlogits, double *losses,
                              int32_t *predicted, struct softmax_counts *counts)
{
    *counts = (struct softmax_counts){0};
    for (int64_t n = 0; n < s->lanes; n += VW) positions_column(s, n, dlogits, losses, predicted, counts);
}
