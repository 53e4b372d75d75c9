/* observer.h - what the trainer tells while it runs; the app draws bars and writes files from it.
 *
 * Only rank 0's observer is called. mark and settle may be NULL. Times are wall seconds. */
#ifndef TRAIN_OBSERVER_H
#define TRAIN_OBSERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "nn/scores/scores.h"

struct step_event {
    int64_t epoch;         /* from 1 */
    int64_t step;          /* steps finished since the start of the run, from 1 */
    int64_t step_in_epoch; /* from 1 */
    int64_t steps_per_epoch;
    int64_t total_steps;
    double loss, accuracy; /* of this step's global batch */
    double lr;
    double samples_per_second;                          /* since the start of the epoch */
    double data_seconds, compute_seconds, sync_seconds; /* rank 0, since the start of the epoch */
    double eta_seconds;
};

/* Milliseconds that ranks need for reading samples and computing gradients, per pass of a step. */
struct rank_times {
    double min, median, max;
    int slowest; /* rank */
};

struct epoch_event {
    int64_t epoch, epochs, step;
    double loss, accuracy; /* exact means over the epoch's training samples as they were seen */
    double lr;             /* of the epoch's last step */
    int64_t bad_steps;     /* skipped because loss or gradient was not finite; not in the means */
    int64_t empty_steps;   /* skipped because no sample had a valid target */
    double seconds;
    double samples_per_second;
    double data_seconds, compute_seconds, sync_seconds; /* rank 0 */
    struct rank_times ranks;
};

struct eval_event {
    const char *split; /* "val", "test", ... */
    int64_t epoch, step;
    int64_t count,
        correct; /* samples that were scored; those whose class, or labels, are all right: 0 for real values */
    double accuracy, loss; /* accuracy: NaN for real values */
    int64_t outputs;
    const char *const *output_names; /* [outputs] of classes, labels or targets, or NULL */
    int64_t classes;                 /* of the confusion matrix; a binary label has 2: off and on */
    const char *const *class_names;  /* [classes] or NULL */
    const int64_t *confusion;        /* [true][predicted], or NULL for several labels and for real values */
    int64_t metric_count;
    const char *const *metric_names; /* [metric_count]: those of the metric registry that the task has */
    const double *metrics;           /* [metric_count]; NaN where a metric is not defined for these samples */
    const char *headline;            /* the metric to show if only one can be shown */
    const struct scores *scores;     /* for tables per class, label or target */
};

/* A metric of the event, or its "loss"; false if the task does not have it. */
bool eval_metric(const struct eval_event *e, const char *name, double *value, bool *lower_is_better);

struct done_event {
    double accuracy, loss; /* of the last evaluation; of the last epoch's training if there is no val set */
    double seconds;        /* training, evaluation excluded */
    double samples_per_second;
    double peak_bytes; /* memory of the rank that had most, what a node shares included */
    uint64_t weights_hash;
    int64_t classes;
    const int64_t *confusion; /* [true][predicted] of the last evaluation, or NULL */
};

struct observer {
    void *self;
    void (*step)(void *self, const struct step_event *e); /* every step: must be cheap */
    void (*epoch)(void *self, const struct epoch_event *e);
    void (*eval)(void *self, const struct eval_event *e);
    void (*done)(void *self, const struct done_event *e);
    int64_t (*mark)(void *self); /* bytes of metrics written so far, which a checkpoint remembers */
    void (*settle)(
        void *self); /* brings them to the disk; on another thread, while any other may be called */
};

#endif
