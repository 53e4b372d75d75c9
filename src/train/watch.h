/* watch.h - follows a metric over epochs: its best value, and how long it has not improved.
 *
 * Names: "train.loss", "train.accuracy" and "val." with "loss" or any metric of the evaluation. Every rank
 * has the same events, so all ranks decide the same. Local functions. */
#ifndef TRAIN_WATCH_H
#define TRAIN_WATCH_H

#include "nn/metrics/metric.h"
#include "train/observer.h"
#include "core/status.h"

struct watch {
    const char *metric; /* "" = none */
    double min_delta;   /* smallest improvement that counts */
    bool has_best;
    double best;
    int64_t stale; /* epochs in a row without improvement */
};

/* STATUS_CONFIG if there is no such metric; `key` is the option that names it, `scores` those of the
 * validation set or NULL. */
enum status watch_check(const char *key, const char *metric, enum task task, const struct scores *scores);

/* Writes the default metric to watch: "val." and the primary metric (metric.h) of these scores, or "val.loss"
 * if they have none; "" without a validation set (NULL). */
#define WATCH_NAME_SIZE (METRIC_NAME_SIZE + 4)
void watch_default(const struct scores *scores, char name[WATCH_NAME_SIZE]);

/* Finds the value of the metric and its direction; false if the events do not have it. `eval` may be NULL. */
bool watch_value(const char *metric, const struct epoch_event *epoch, const struct eval_event *eval,
                 double *value, bool *lower_is_better);

/* Adds an epoch; returns whether it is the best so far. NaN never is. */
bool watch_epoch(struct watch *w, const struct epoch_event *epoch, const struct eval_event *eval);

#endif
