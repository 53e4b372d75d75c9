/* observer.c - finds a metric in an evaluation event. */
#include "train/observer.h"

#include <string.h>

#include "nn/metrics/metric.h"

bool eval_metric(const struct eval_event *e, const char *name, double *value, bool *lower_is_better)
{
    struct metric m;
    *lower_is_better = true;
    *value = e->loss;
    if (strcmp(name, "loss") == 0) return true;
    for (int64_t i = 0; i < e->metric_count; i++) {
        if (strcmp(e->metric_names[i], name) != 0 || !metric_find(name, &m)) continue;
        *lower_is_better = m.ops->lower_is_better;
        *value = e->metrics[i];
        return true;
    }
    return false;
}
