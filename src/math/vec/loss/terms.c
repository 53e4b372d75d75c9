/* terms.c - losses that are a sum over outputs and use an elementary function. */
#include "math/vec/math.h"

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
    return (struct term){off * up + on * down, off * sigmoid - on * rest};
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
    vec loss = (target - 1.0f) * off - target * on;
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

/* The factors of a register of lanes at one position; 0 in dead lanes. */
VEC_INLINE vec loss_lane_factors(const struct loss_terms *t, int64_t p, int64_t n)
{
    vec factor = {0};
    for (int i = 0; i < VW && n + i < t->live; i++)
        factor[i] = t->factors ? t->factors[p * t->factor_row + n + i] : 1;
    return factor;
}

/* Takes a register of lanes through all outputs at one position, and adds their losses. The derivatives of dead lanes
 * are 0. */
VEC_INLINE void loss_run_cell(const struct loss_terms *t, int64_t first, vec factor, veci live,
                              term_function *term, float *dx, vecd *total)
{
    vecd sum = {0};
    for (int64_t k = 0; k < t->outputs; k++) {
        int64_t at = k * t->stride + first;
        struct term one = term(t, k, vec_load(t->x + at), vec_load(t->targets + at));
        float weight = t->weights ? t->weights[k] : 1;
        sum += __builtin_convertvector(one.loss * weight, vecd);
        if (dx) vec_store(dx + at, vec_select(live, one.slope * (factor * weight), vec_all(0)));
    }
    *total += __builtin_convertvector(factor, vecd) * sum;
}

/* Takes a register of lanes through all positions, so that its sums stay in registers. */
VEC_INLINE void loss_run_column(const struct loss_terms *t, int64_t n, term_function *term, float *dx,
                                double *losses)
{
    veci live = {0};
    vecd total = {0};
    vec factor = loss_lane_factors(t, 0, n);
    for (int i = 0; i < VW && n + i < t->live; i++) live[i] = -1;
    for (int64_t p = 0; p < (t->positions > 1 ? t->positions : 1); p++) {
        if (t->factor_row > 0) factor = loss_lane_factors(t, p, n);
        loss_run_cell(t, p * t->row + n, factor, live, term, dx, &total);
    }
    for (int i = 0; i < VW && n + i < t->live; i++) losses[n + i] = total[i];
}

VEC_INLINE void loss_run_columns(const struct loss_terms *t, term_function *term, float *dx, double *losses)
{
    for (int64_t n = 0; n < t->lanes; n += VW) loss_run_column(t, n, term, dx, losses);
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
