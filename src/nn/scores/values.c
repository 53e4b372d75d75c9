/* values.c - real values: errors and targets of a block as a mean and a sum of squares around it, which
 * merge without the cancellation of sums of squares around 0 (Chan, Golub and LeVeque, Updating Formulae
 * and a Pairwise Algorithm for Computing Sample Variances, 1979). */

#include "nn/scores/private.h"

/* A constant has mean and moment 0 exactly. */
static struct scores_moments values_moments(const double *x, int64_t count)
{
    struct scores_moments m = {.base = x[0]};
    for (int64_t n = 0; n < count; n++) m.mean += x[n] - m.base;
    m.mean /= (double)count;
    for (int64_t n = 0; n < count; n++) {
        double distance = x[n] - m.base - m.mean;
        m.moment += distance * distance;
    }
    return m;
}

static void values_add_target(const struct scores *s, const struct loss_batch *b, int64_t k,
                              struct scores_target *t)
{
    const float *out = b->logits + k * b->stride, *target = b->targets + k * b->stride;
    bool logs = s->spec.loss->output == OUTPUT_LOG_VALUES;
    for (int64_t n = 0; n < b->live; n++) {
        s->sum[n] = (logs ? exp((double)out[n]) : (double)out[n]) - (double)target[n];
        t->absolute += fabs(s->sum[n]);
        t->max_absolute = fmax(t->max_absolute, fabs(s->sum[n]));
    }
    t->error = values_moments(s->sum, b->live);
    for (int64_t n = 0; n < b->live; n++) s->sum[n] = (double)target[n];
    t->target = values_moments(s->sum, b->live);
}

/* Adds `n` numbers with moments `b` to `before` numbers. */
static void values_merge(struct scores_moments *total, double before, const struct scores_moments *b,
                         double n)
{
    if (before == 0) {
        *total = *b;
        return;
    }
    double distance = b->base - total->base + (b->mean - total->mean), share = n / (before + n);
    total->mean += distance * share;
    total->moment += b->moment + distance * distance * before * share;
}

static void values_merge_target(struct scores_target *total, double before, const struct scores_target *more,
                                double n)
{
    total->absolute += more->absolute;
    total->max_absolute = fmax(total->max_absolute, more->max_absolute);
    values_merge(&total->error, before, &more->error, n);
    values_merge(&total->target, before, &more->target, n);
}

void scores_add_values(struct scores *s, const struct loss_batch *b, double *row)
{
    struct scores_target *targets = (struct scores_target *)(row + ROW_VALUES);
    double before = row[ROW_SAMPLES];
    for (int64_t k = 0; b->live && k < b->classes; k++) {
        struct scores_target here = {0};
        values_add_target(s, b, k, &here);
        values_merge_target(&targets[k], before, &here, (double)b->live);
    }
    s->counts[COUNT_SAMPLES] += b->live;
    row[ROW_SAMPLES] += (double)b->live;
}

void scores_fold_values(const struct scores *s, const double *row, double *totals)
{
    const struct scores_target *block = (const struct scores_target *)(row + ROW_VALUES);
    struct scores_target *total = (struct scores_target *)(totals + ROW_VALUES);
    double before = totals[ROW_SAMPLES], n = row[ROW_SAMPLES];
    for (int64_t k = 0; n > 0 && k < s->outputs; k++) values_merge_target(&total[k], before, &block[k], n);
}

void scores_finish_values(struct scores *s)
{
    const struct scores_target *total = (const struct scores_target *)(s->totals + ROW_VALUES);
    for (int64_t k = 0; k < s->outputs; k++) {
        double unit = s->spec.target_std ? (double)s->spec.target_std[k] : 1;
        s->values[k] = (struct scores_value){.absolute = total[k].absolute * unit,
                                             .max_absolute = total[k].max_absolute * unit,
                                             .error_mean = (total[k].error.base + total[k].error.mean) * unit,
                                             .error_moment = total[k].error.moment * unit * unit,
                                             .target_moment = total[k].target.moment * unit * unit};
    }
}
