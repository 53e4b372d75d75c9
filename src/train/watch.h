/* watch.h - a metric that is followed from epoch to epoch: is it better than ever before, and for how long was it not.
 *
 * Names are "train.loss", "train.accuracy" and "val." with "loss" or any metric of the evaluation. Every rank has the same
 * events, so all decide alike. Local functions. */
#ifndef TRAIN_WATCH_H
#define TRAIN_WATCH_H

#include "nn/metrics/metric.h"
#include "train/observer.h"
#include "core/status.h"

struct watch {
    const char *metric; /* "" = nothing is watched */
    double min_delta;   /* what counts as better */
    bool has_best;
    double best;
    int64_t stale; /* epochs in a row that were no better */
};

/* STATUS_CONFIG if there will be no such metric; `key` is where it was asked for, `scores` are those of the val set or NULL. */
enum status watch_check(const char *key, const char *metric, enum task task, const struct scores *scores);

/* Writes the metric that is watched if none is named: "val." and the primary metric (metric.h) of such scores, or "val.loss"
 * if they have none; "" without a val set (NULL). */
#define WATCH_NAME_SIZE (METRIC_NAME_SIZE + 4)
void watch_default(const struct scores *scores, char name[WATCH_NAME_SIZE]);

/* The metric's value, and which way is better; false if the events do not have it. `eval` may be NULL. */
bool watch_value(const char *metric, const struct epoch_event *epoch, const struct eval_event *eval,
                 double *value, bool *lower_is_better);

/* Takes in an epoch; true if it was the best one. NaN never is. */
bool watch_epoch(struct watch *w, const struct epoch_event *epoch, const struct eval_event *eval);

#endif
