/* positions.c - softmax cross entropy of labels with positions. */
#include "math/columns.h"
#include "math/vec/loss/part.h"

/* A register of columns: `count` of them, from column `at` on. */
struct cell {
    int64_t at, count;
    vec factor; /* 0 where a column is dead, or its label ignored */
    veci label, valid, argmax;
    vec max, sum; /* of the exponentials */
};

/* What a register of a walk's columns brings along, and what is summed over its cells. */
struct cell_walk {
    vec factor; /* of the samples */
    veci live;
    vecd loss, factors;
    veci valid, correct;
};

VEC_INLINE void cell_open(const struct softmax_target *s, const struct cell_walk *w, struct cell *c)
{
    c->label = part_load_labels(s->labels + c->at, c->count);
    c->valid = w->live;
    if (c->count < VW) c->valid &= part_mask(c->count);
    bool ignores = !s->targets && s->ignored >= INT32_MIN; /* below stands for none */
    if (ignores) c->valid &= ~(c->label == (int32_t)s->ignored);
    bool each = s->factors && s->factor_row > 0;
    vec factor = each ? vec_load_some(s->factors + c->at, c->count) : w->factor;
    c->factor = vec_select(c->valid, factor, vec_all(0));
}

/* The exponentials go to `e`, if there is room for them. */
VEC_INLINE void cell_exponentials(const struct softmax_target *s, float *e, struct cell *c)
{
    const float *x = s->logits + c->at;
    c->max = vec_load_some(x, c->count);
    c->argmax = (veci){0};
    for (int64_t k = 1; k < s->classes; k++) {
        vec value = vec_load_some(x + k * s->stride, c->count);
        veci better = (value > c->max) | ((value != value) & (c->max == c->max)); /* as softmax.c */
        c->max = vec_select(better, value, c->max);
        c->argmax = (better & ((int32_t)k - (veci){0})) | (~better & c->argmax);
    }
    c->sum = vec_all(0);
    for (int64_t k = 0; k < s->classes; k++) {
        /* for NaN the maximum is NaN, too */
        vec value = vec_exp_nonpositive(vec_load_some(x + k * s->stride, c->count) - c->max);
        c->sum += value;
        if (e) vec_store_some(e + k * s->stride + c->at, c->count, value);
    }
}

/* What class k counts at the cell. */
VEC_INLINE vec cell_weight(const struct softmax_target *s, const struct cell *c, int64_t k)
{
    vec target = s->targets ? vec_load_some(s->targets + k * s->stride + c->at, c->count)
                            : vec_select(c->label == (int32_t)k, vec_all(1), vec_all(0));
    vec share = target * s->keep + s->even;
    return share * (s->weights ? s->weights[k] : 1.0f);
}

/* The loss, and the gradient in place of the exponentials. */
VEC_INLINE vec cell_finish(const struct softmax_target *s, const struct cell *c, float *dx)
{
    vec total = {0}, product = {0};
    for (int64_t k = 0; k < s->classes; k++) {
        vec weight = cell_weight(s, c, k);
        total += weight;
        product += weight * (vec_load_some(s->logits + k * s->stride + c->at, c->count) - c->max);
    }
    vec scale = c->factor * total / c->sum;
    veci counted = c->factor != 0.0f; /* elsewhere there may be NaN */
    for (int64_t k = 0; dx && k < s->classes; k++) {
        float *to = dx + k * s->stride + c->at;
        vec gradient = part_round(vec_load_some(to, c->count) * scale);
        gradient -= c->factor * cell_weight(s, c, k);
        vec_store_some(to, c->count, vec_select(counted, gradient, vec_all(0)));
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

VEC_INLINE void cell_take(const struct softmax_target *s, int64_t at, int64_t count, float *dx,
                          int32_t *predicted, struct cell_walk *w)
{
    struct cell c = {.at = at, .count = count};
    cell_open(s, w, &c);
    cell_exponentials(s, dx, &c);
    vec one = cell_finish(s, &c, dx);
    one = vec_select(c.max == c.max, one, c.max);
    veci live = w->live;
    if (count < VW) live &= part_mask(count);
    w->loss += __builtin_convertvector(vec_select(live, one, vec_all(0)), vecd);
    vecd weight = __builtin_convertvector(cell_class_weight(s, &c), vecd);
    w->factors += __builtin_convertvector(c.factor, vecd) * weight;
    w->valid -= c.valid;
    w->correct -= c.valid & (c.argmax == c.label);
    if (predicted) part_store_labels(predicted + at, count, c.argmax);
}

#define WALK (COLUMNS_WIDE / VW)

VEC_INLINE void cell_walk_open(const struct softmax_target *s, const struct columns *c,
                               struct cell_walk walk[WALK])
{
    float factors[COLUMNS_WIDE];
    columns_take_factors(c, s->factor_row > 0 ? NULL : s->factors, factors);
    for (int i = 0; i < c->wide / VW; i++)
        walk[i] =
            (struct cell_walk){.factor = vec_load_any(factors + i * VW), .live = part_mask(c->live - i * VW)};
}

VEC_INLINE void cell_walk_close(const struct columns *c, const struct cell_walk walk[WALK], double *losses,
                                struct softmax_counts *counts)
{
    double sums[COLUMNS_WIDE];
    for (int i = 0; i < c->live; i++) {
        const struct cell_walk *w = &walk[i / VW];
        sums[i] = w->loss[i % VW];
        counts->factors += w->factors[i % VW];
        counts->valid += w->valid[i % VW];
        counts->correct += w->correct[i % VW];
    }
    columns_add_losses(c, sums, losses);
}

void LEVEL(softmax_positions)(const struct softmax_target *s, float *dlogits, double *losses,
                              int32_t *predicted, struct softmax_counts *counts)
{
    struct columns c = columns_begin(s->lanes, s->live, s->positions, s->row);
    *counts = (struct softmax_counts){0};
    memset(losses, 0, (size_t)s->live * sizeof *losses);
    while (columns_next(&c)) {
        struct cell_walk walk[WALK];
        cell_walk_open(s, &c, walk);
        for (int64_t row = c.first; row < c.end; row += c.step)
            for (int i = 0; i < c.wide / VW; i++) {
                int64_t at = row + i * VW;
                int count = columns_count(&c, at, VW);
                if (count == VW)
                    cell_take(s, at, VW, dlogits, predicted, &walk[i]);
                else if (count > 0)
                    cell_take(s, at, count, dlogits, predicted, &walk[i]);
            }
        cell_walk_close(&c, walk, losses, counts);
    }
}
