/* terms.c - losses that are a sum over outputs and use an elementary function. */
#include "math/columns.h"
#include "math/vec/loss/part.h"

/* Of one register of lanes: the loss and its derivative. */
struct term {
    vec loss, slope;
};

typedef struct term term_function(const struct loss_terms *t, int64_t k, vec x, vec target);

/* log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)): nothing overflows, and either side keeps its relative
 * precision. */
VEC_INLINE struct term loss_bce_logits(const struct loss_terms *t, int64_t k, vec x, vec target)
{
    vec e = vec_exp(vec_minus_abs(x)), tail = vec_log1p(e), zero = {0};
    veci negative = x < 0.0f;
    vec up = vec_select(negative, zero, x) + tail, down = vec_select(negative, -x, zero) + tail;
    vec larger = 1.0f / (1.0f + e), smaller = e * larger;
    vec sigmoid = vec_select(negative, smaller, larger), rest = vec_select(negative, larger, smaller);
    vec on = target * (t->pos_weights ? t->pos_weights[k] : 1.0f), off = 1.0f - target;
    vec loss = off * up + part_round(on * down), slope = part_round(off * sigmoid) - on * rest;
    return (struct term){loss, slope};
}

/* As torch.nn.BCELoss: logarithms are clamped at -100, the derivative's denominator at 1e-12. */
VEC_INLINE struct term loss_bce(const struct loss_terms *t, int64_t k, vec x, vec target)
{
    (void)t, (void)k;
    const vec nan = vec_all(__builtin_nanf(""));
    veci inside = (x >= 0.0f) & (x <= 1.0f);
    vec on = vec_log(x), off = vec_log1p(-x), width = (1.0f - x) * x;
    on = vec_select(on < -100.0f, vec_all(-100), on);
    off = vec_select(off < -100.0f, vec_all(-100), off);
    width = vec_select(width < 1e-12f, vec_all(1e-12f), width);
    vec loss = (target - 1.0f) * off - part_round(target * on);
    return (struct term){vec_select(inside, loss, nan), vec_select(inside, (x - target) / width, nan)};
}

VEC_INLINE struct term loss_kl(const struct loss_terms *t, int64_t k, vec x, vec target)
{
    (void)t, (void)k;
    vec entropy = vec_select(target == 0.0f, vec_all(0), target * vec_log(target));
    return (struct term){entropy - target * x, -target};
}

VEC_INLINE struct term loss_kl_log(const struct loss_terms *t, int64_t k, vec x, vec target)
{
    (void)t, (void)k;
    vec e = vec_exp(target);
    return (struct term){e * (target - x), -e};
}

/* log t! by Stirling: t log t - t + log(2 pi t) / 2, where t > 1. */
VEC_INLINE vec loss_stirling(vec target)
{
    vec l = vec_log(target);
    vec sum = (target + 0.5f) * l - target + 0.918938533f;
    return vec_select(target > 1.0f, sum, vec_all(0));
}

VEC_INLINE struct term loss_poisson(const struct loss_terms *t, int64_t k, vec x, vec target)
{
    (void)k;
    vec loss = x - target * vec_log(x + t->eps);
    if (t->stirling) loss += loss_stirling(target);
    return (struct term){loss, 1.0f - target / (x + t->eps)};
}

VEC_INLINE struct term loss_poisson_log(const struct loss_terms *t, int64_t k, vec x, vec target)
{
    (void)k;
    vec e = vec_exp(x), loss = e - target * x;
    if (t->stirling) loss += loss_stirling(target);
    return (struct term){loss, e - target};
}

/* Of the true state: z is the logit of it, softplus(-z) = -log p, softplus(z) = -log(1 - p). */
VEC_INLINE struct term loss_focal(const struct loss_terms *t, int64_t k, vec x, vec target)
{
    (void)k;
    veci on = target > 0.5f;
    vec z = vec_select(on, x, -x), zero = {0};
    vec tail = vec_log1p(vec_exp(vec_minus_abs(z)));
    struct vec_shares shares = vec_sigmoid_both(z);
    vec miss = vec_select(z < 0.0f, -z, zero) + tail, hit = vec_select(z < 0.0f, zero, z) + tail;
    vec alpha = t->alpha < 0 ? vec_all(1) : vec_select(on, vec_all(t->alpha), vec_all(1 - t->alpha));
    vec power = alpha * vec_exp(-t->gamma * hit);
    vec pull = t->gamma * shares.share;
    vec slope = power * (-(pull * miss) - shares.rest);
    return (struct term){power * miss, vec_select(on, slope, -slope)};
}

/* What a register of a walk's columns brings along, and the sum of its losses. */
struct term_walk {
    vec factor; /* of the samples, 0 where not live */
    veci live;
    vecd total;
};

/* Takes `count` columns through all outputs, and adds their losses. The derivatives of dead columns are 0. */
VEC_INLINE void loss_run_cell(const struct loss_terms *t, int64_t first, int64_t count, term_function *term,
                              float *dx, struct term_walk *w)
{
    vecd sum = {0};
    vec factor = w->factor;
    if (t->factors && t->factor_row > 0)
        factor = vec_select(w->live, vec_load_some(t->factors + first, count), vec_all(0));
    veci here = w->live;
    if (count < VW) here &= part_mask(count); /* nothing stands behind the end */
    for (int64_t k = 0; k < t->outputs; k++) {
        int64_t at = k * t->stride + first;
        struct term one = term(t, k, vec_load_some(t->x + at, count), vec_load_some(t->targets + at, count));
        float weight = t->weights ? t->weights[k] : 1;
        if (count < VW) one.loss = vec_select(here, one.loss, vec_all(0));
        sum += __builtin_convertvector(one.loss * weight, vecd);
        if (dx)
            vec_store_some(dx + at, count, vec_select(w->live, one.slope * (factor * weight), vec_all(0)));
    }
    w->total += __builtin_convertvector(factor, vecd) * sum;
}

#define WALK (COLUMNS_WIDE / VW)

VEC_INLINE void loss_run_walk(const struct loss_terms *t, const struct columns *c, term_function *term,
                              float *dx, double *losses)
{
    struct term_walk walk[WALK];
    float factors[COLUMNS_WIDE];
    double sums[COLUMNS_WIDE];
    columns_take_factors(c, t->factor_row > 0 ? NULL : t->factors, factors);
    for (int i = 0; i < c->wide / VW; i++)
        walk[i] =
            (struct term_walk){.factor = vec_load_any(factors + i * VW), .live = part_mask(c->live - i * VW)};
    for (int64_t row = c->first; row < c->end; row += c->step)
        for (int i = 0; i < c->wide / VW; i++) {
            int64_t at = row + i * VW;
            int count = columns_count(c, at, VW);
            if (count == VW)
                loss_run_cell(t, at, VW, term, dx, &walk[i]);
            else if (count > 0)
                loss_run_cell(t, at, count, term, dx, &walk[i]);
        }
    for (int i = 0; i < c->live; i++) sums[i] = walk[i / VW].total[i % VW];
    columns_add_losses(c, sums, losses);
}

VEC_INLINE void loss_run_columns(const struct loss_terms *t, term_function *term, float *dx, double *losses)
{
    struct columns c = columns_begin(t->lanes, t->live, t->positions, t->row);
    memset(losses, 0, (size_t)t->live * sizeof *losses);
    while (columns_next(&c)) loss_run_walk(t, &c, term, dx, losses);
}

void LEVEL(loss_terms)(const struct loss_terms *t, float *dx, double *losses)
{
    switch (t->form) {
    case TERMS_BCE_LOGITS:
        loss_run_columns(t, loss_bce_logits, dx, losses);
        break;
    case TERMS_BCE:
        loss_run_columns(t, loss_bce, dx, losses);
        break;
    case TERMS_KL:
        loss_run_columns(t, loss_kl, dx, losses);
        break;
    case TERMS_KL_LOG:
        loss_run_columns(t, loss_kl_log, dx, losses);
        break;
    case TERMS_POISSON:
        loss_run_columns(t, loss_poisson, dx, losses);
        break;
    case TERMS_FOCAL:
        loss_run_columns(t, loss_focal, dx, losses);
        break;
    case TERMS_POISSON_LOG:
        loss_run_columns(t, loss_poisson_log, dx, losses);
        break;
    }
}
