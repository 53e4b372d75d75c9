/* sum.c - a weighted sum of losses, each normalised as it is alone. */
#include "nn/losses/sum.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "nn/losses/parts.h"

/* The totals: of each part its own, or if it has none what follows here; then the number of valid positions. */
enum { PART_LOSS, PART_WEIGHT, PART_VALID, PART_SUMS };

static const struct arg args[] = {LOSS_REDUCTION_ARG, ARG_END};

static int64_t sum_totals_of(const struct loss *part)
{
    return part->totals ? part->totals : PART_SUMS;
}

struct loss_traits loss_find_traits(const struct loss_ops *ops, const struct arg_values *values,
                                    const struct loss_list *list)
{
    struct loss_traits t = {.targets = ~0u};
    const struct loss_choice one = {.ops = ops, .args = *values};
    bool several = list && list->count > 0;
    const struct loss_choice *choice = several ? list->of : &one;
    size_t used = 0;
    for (int i = 0; i < (several ? list->count : 1); i++, choice++) {
        const struct loss_ops *o = choice->ops;
        if (used < sizeof t.name)
            used += (size_t)snprintf(t.name + used, sizeof t.name - used, "%s%s", i ? " + " : "", o->name);
        t.targets &= o->targets;
        bool any = t.target_min == 0 && t.target_max == 0;
        if (o->target_min != 0 || o->target_max != 0) {
            t.target_min = any || o->target_min > t.target_min ? o->target_min : t.target_min;
            t.target_max = any || o->target_max < t.target_max ? o->target_max : t.target_max;
        }
        t.log_probs = t.log_probs || o->output == OUTPUT_LOG_PROBS;
        int64_t ignored;
        const char *name = loss_ignored_label(o, &choice->args, &ignored);
        if (name) t.ignored_name = name, t.ignored = ignored;
    }
    return t;
}

enum status loss_list_check(const struct loss_list *list)
{
    static const struct arg_values none = {.of = {0}};
    struct loss_traits t = loss_find_traits(NULL, &none, list);
    if (!t.targets)
        return status_fail(STATUS_CONFIG, "loss: %s take no labels of the same kind; choose losses that do",
                           t.name);
    for (int i = 0; i < list->count; i++) {
        const struct loss_choice *c = &list->of[i];
        int64_t ignored;
        if (loss_ignored_label(c->ops, &c->args, &ignored) && ignored != t.ignored)
            return status_fail(STATUS_CONFIG, "loss: %s ignore different labels; give all the same %s",
                               t.name, t.ignored_name);
    }
    return STATUS_OK;
}

void loss_list_free(struct loss_list *list)
{
    for (int i = 0; i < LOSS_PARTS_MAX; i++) arg_values_free(&list->of[i].args);
    list->count = 0;
}

static enum status sum_init_part(struct loss *l, struct loss *part, const struct loss_choice *choice)
{
    TRY(loss_init(part, &(struct loss_spec){.ops = choice->ops,
                                            .args = &choice->args,
                                            .kind = l->kind,
                                            .outputs = l->outputs,
                                            .positions = l->positions,
                                            .threshold = (double)l->threshold}));
    if (loss_task(part) != loss_task(&l->parts[0]))
        return status_fail(STATUS_CONFIG, "loss: %s and %s do not take the same kind of outputs",
                           l->parts[0].ops->name, part->ops->name);
    return STATUS_OK;
}

/* The outputs are what the first part says of them. */
static enum status sum_prepare(struct loss *l)
{
    int64_t width = l->outputs * loss_positions(l), scratch = 0;
    TRY(mem_alloc(&l->parts, (size_t)l->list->count, sizeof *l->parts, "parts of the loss"));
    for (; l->part_count < l->list->count; l->part_count++) {
        struct loss *part = &l->parts[l->part_count];
        TRY(sum_init_part(l, part, &l->list->of[l->part_count]));
        l->totals += sum_totals_of(part);
        if (part->scratch > scratch) scratch = part->scratch;
    }
    l->totals++;
    l->scratch = width + scratch; /* a gradient, and what a part needs */
    l->output = l->parts[0].output;
    l->ignored = l->kind == TARGET_INDEX ? loss_find_traits(NULL, &l->args, l->list).ignored : l->ignored;
    return STATUS_OK;
}

/* The batch as a part sees it, with its own scratch. */
static struct loss_batch sum_view(const struct loss *l, const struct loss_batch *b, int part)
{
    struct loss_batch view = *b;
    view.scratch = b->scratch + b->stride * l->outputs;
    if (part > 0 && b->dlogits) view.dlogits = b->scratch;
    return view;
}

static void sum_measure(const struct loss *l, const struct loss_batch *b, double *totals)
{
    int64_t valid = 0;
    for (int i = 0; i < l->part_count; i++) {
        const struct loss *part = &l->parts[i];
        struct loss_batch view = sum_view(l, b, i);
        view.dlogits = NULL;
        struct loss_sums sums = loss_compute(part, &view);
        if (i == 0) valid = sums.valid;
        totals[PART_LOSS] = sums.loss;
        totals[PART_WEIGHT] = sums.weight;
        totals[PART_VALID] = (double)sums.valid;
        if (part->totals) part->ops->measure(part, &view, totals);
        totals += sum_totals_of(part);
    }
    *totals = (double)valid;
}

/* What a part's sum is divided by, of the whole global batch; a part with totals is a mean over positions. */
static double sum_divisor(const struct loss *part, const double *totals, double valid)
{
    struct loss_sums sums = {.weight = totals[PART_WEIGHT], .valid = (int64_t)valid};
    if (part->totals) sums.weight = valid;
    return loss_divisor(part, &sums);
}

static double sum_value(const struct loss *l, const double *totals)
{
    double value = 0, valid = totals[l->totals - 1];
    for (int i = 0; i < l->part_count; i++) {
        const struct loss *part = &l->parts[i];
        double divisor = sum_divisor(part, totals, valid);
        double own = part->totals  ? part->ops->value(part, totals)
                     : divisor > 0 ? totals[PART_LOSS] / divisor
                                   : 0;
        value += l->list->of[i].scale * own;
        totals += sum_totals_of(part);
    }
    return value;
}

/* sum = a * sum + b * more */
LOOP_BODY void sum_gradients_body(const struct loss_batch *b, float a, float c, const float *more)
{
    struct loss_rows rows = loss_batch_rows(b);
    for (int64_t k = 0; k < b->classes; k++)
        for (int64_t r = 0; r < rows.count; r++) {
            float *to = b->dlogits + k * b->stride + r * b->row;
            const float *from = more + k * b->stride + r * b->row;
            for (int64_t n = 0; n < rows.columns; n++) to[n] = a * to[n] + c * from[n];
        }
}
LOOP_VERSIONS(sum_gradients, (const struct loss_batch *b, float a, float c, const float *more),
              (b, a, c, more))

/* As a loss with totals: everything is multiplied by the number of valid positions, by which a mean divides. */
static struct loss_sums sum_compute(const struct loss *l, const struct loss_batch *b)
{
    const double *totals = b->totals;
    double valid = totals ? totals[l->totals - 1] : 0, loss = 0;
    struct loss_sums first = {0};
    for (int i = 0; i < (totals ? l->part_count : 1); i++) {
        const struct loss *part = &l->parts[i];
        struct loss_batch view = sum_view(l, b, i);
        view.totals = totals && part->totals ? totals : NULL;
        struct loss_sums sums = loss_compute(part, &view);
        if (i == 0) first = sums;
        if (!totals) break;
        double divisor = sum_divisor(part, totals, valid);
        double factor = divisor > 0 ? l->list->of[i].scale * valid / divisor : 0;
        loss += factor * sums.loss;
        if (b->dlogits) sum_gradients[b->kernels->number](b, i ? 1 : 0, (float)factor, view.dlogits);
        totals += sum_totals_of(part);
    }
    first.loss = loss;
    first.weight = (double)first.valid;
    return first;
}

const struct loss_ops sum_of_losses = {
    .name = "sum",
    .help = "weighted sum of losses, written as a list",
    .args = args,
    .targets = ~0u,
    .output = OUTPUT_LOGITS,
    .prepare = sum_prepare,
    .positional = true,
    .compute = sum_compute,
    .measure = sum_measure,
    .value = sum_value,
};
