/* watch.c - follows a metric over epochs. */
#include "train/watch.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LIST_SIZE 1024

/* Returns the name behind "val.", or NULL. */
static const char *watch_name_in_val(const char *metric)
{
    return strncmp(metric, "val.", 4) == 0 ? metric + 4 : NULL;
}

enum status watch_check(const char *key, const char *metric, enum task task, const struct scores *scores)
{
    const char *name = watch_name_in_val(metric);
    if (!*metric || strcmp(metric, "train.loss") == 0) return STATUS_OK;
    if (strcmp(metric, "train.accuracy") == 0 && task != TASK_VALUES) return STATUS_OK;
    if (name && !scores)
        return status_fail(STATUS_CONFIG,
                           "%s: %s needs a validation set (data.val or data.val_fraction); or use train.loss",
                           key, metric);
    if (name && strcmp(name, "loss") == 0) return STATUS_OK;
    char list[LIST_SIZE];
    struct metric metrics[METRIC_MAX];
    int count = scores ? metric_list(scores, metrics) : 0;
    size_t used =
        (size_t)snprintf(list, sizeof list, "train.loss%s", task != TASK_VALUES ? ", train.accuracy" : "");
    if (scores) used += (size_t)snprintf(list + used, sizeof list - used, ", val.loss");
    for (int i = 0; i < count && used < sizeof list; i++) {
        if (name && strcmp(metrics[i].name, name) == 0) return STATUS_OK;
        used += (size_t)snprintf(list + used, sizeof list - used, ", val.%s", metrics[i].name);
    }
    return status_fail(STATUS_CONFIG, "%s: no metric '%s' for this task; available: %s", key, metric, list);
}

void watch_default(const struct scores *scores, char name[WATCH_NAME_SIZE])
{
    struct metric metrics[METRIC_MAX];
    int count = scores ? metric_list(scores, metrics) : 0;
    snprintf(name, WATCH_NAME_SIZE, "%s", scores ? "val.loss" : "");
    for (int i = 0; i < count; i++)
        if (metrics[i].ops->primary) snprintf(name, WATCH_NAME_SIZE, "val.%s", metrics[i].name);
}

bool watch_value(const char *metric, const struct epoch_event *epoch, const struct eval_event *eval,
                 double *value, bool *lower_is_better)
{
    const char *name = watch_name_in_val(metric);
    if (name) return eval && eval_metric(eval, name, value, lower_is_better);
    *lower_is_better = strcmp(metric, "train.loss") == 0;
    *value = *lower_is_better ? epoch->loss : epoch->accuracy;
    return *metric != '\0';
}

bool watch_epoch(struct watch *w, const struct epoch_event *epoch, const struct eval_event *eval)
{
    double value;
    bool lower;
    if (!watch_value(w->metric, epoch, eval, &value, &lower)) return false;
    double gain = lower ? w->best - value : value - w->best;
    bool better = !isnan(value) && (!w->has_best || gain > w->min_delta);
    w->stale = better ? 0 : w->stale + 1;
    if (!better) return false;
    w->has_best = true;
    w->best = value;
    return true;
}
