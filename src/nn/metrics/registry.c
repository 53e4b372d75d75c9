/* registry.c - the table of all metrics, and metrics by name. */
#include "nn/metrics/metric.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define METRIC(name) extern const struct metric_ops metric_##name;
#include "nn/metrics/list.h"
#undef METRIC

#define METRIC(name) &metric_##name,
static const struct metric_ops *const registry[] = {
#include "nn/metrics/list.h"
    NULL};
#undef METRIC

const struct metric_ops *const *metric_registry(void)
{
    return registry;
}

const char *metric_average_suffix(enum metric_average average)
{
    static const char *const suffixes[METRIC_AVERAGES] = {"", "_micro", "_macro", "_weighted", "_samples"};
    return suffixes[average];
}

static struct metric metric_make(const struct metric_ops *ops, enum metric_average average)
{
    struct metric m = {.ops = ops, .average = average};
    snprintf(m.name, sizeof m.name, "%s%s", ops->name, metric_average_suffix(average));
    return m;
}

/* A single label has nothing to average over; an average over samples needs several labels per sample. */
static bool metric_is_defined(const struct metric_ops *ops, enum metric_average average,
                              enum scores_kind kind)
{
    if (average == AVERAGE_PLAIN) return true;
    if (average == AVERAGE_SAMPLES) return ops->averages && kind == SCORES_LABELS;
    return ops->averages && kind != SCORES_BINARY;
}

bool metric_is_of(const struct metric_ops *ops, const struct scores *s)
{
    if (!(ops->kinds & METRIC_OF(scores_kind(s)))) return false;
    if (ops->probabilities && !scores_have_probabilities(s)) return false;
    if (ops->ranks && scores_ranked(s) == 0) return false;
    return !ops->positions || scores_positions(s) > 1;
}

int metric_list(const struct scores *s, struct metric list[METRIC_MAX])
{
    int count = 0;
    for (int i = 0; registry[i]; i++) {
        if (!metric_is_of(registry[i], s)) continue;
        for (int a = 0; a < METRIC_AVERAGES; a++) {
            if (!metric_is_defined(registry[i], (enum metric_average)a, scores_kind(s))) continue;
            assert(count < METRIC_MAX);
            list[count++] = metric_make(registry[i], (enum metric_average)a);
        }
    }
    return count;
}

bool metric_find(const char *name, struct metric *out)
{
    for (int i = 0; registry[i]; i++)
        for (int a = 0; a < (registry[i]->averages ? METRIC_AVERAGES : 1); a++) {
            *out = metric_make(registry[i], (enum metric_average)a);
            if (strcmp(out->name, name) == 0) return true;
        }
    return false;
}

bool metric_is_headline(const struct metric *m, enum scores_kind kind)
{
    return m->ops->headline & METRIC_OF(kind) && m->average == m->ops->headline_average;
}
