/* observer.h - events of a run; the application prints and writes them.
 *
 * Only the observer of rank 0 is called. mark and settle may be NULL. Times are wall-clock seconds. */
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

/* Milliseconds per pass that ranks spend on reading samples and computing gradients. */
struct rank_times {
    double min, median, max;
    int slowest; /* rank */
};

struct epoch_event {
    int64_t epoch, epochs, step;
    double loss, accuracy; /* exact means over the training samples of the epoch, as they were seen */
    double lr;             /* of the epoch's last step */
    int64_t bad_steps;     /* skipped: loss or gradient not finite; not in the means */
    int64_t empty_steps;   /* skipped: no sample had a valid target */
    double seconds;
    double samples_per_second;
    double data_seconds, compute_seconds, sync_seconds; /* rank 0 */
    struct rank_times ranks;
};

struct eval_event {
    const char *split; /* "val", "test", ... */
    int64_t epoch, step;
    int64_t left_out; /* further samples, that could not be read (data.on_error) */
    int64_t count,
        correct; /* scored samples; samples whose class, or all labels, are correct (0 for real values) */
    double accuracy, loss; /* accuracy: NaN for real values */
    int64_t outputs;
    const char *const *output_names; /* [outputs] of classes, labels or targets, or NULL */
    int64_t classes;                 /* of the confusion matrix; a binary label has 2: off and on */
    const char *const *class_names;  /* [classes] or NULL */
    const int64_t *confusion;        /* [true][predicted], or NULL for several labels and for real values */
    int64_t metric_count;
    const char *const *metric_names; /* [metric_count]: metrics of the registry that apply to the task */
    const double *metrics;           /* [metric_count]; NaN where a metric is not defined for these samples */
    const char *headline;            /* the main metric of the task */
    const struct scores *scores;     /* for tables per class, label or target */
};

/* Finds a metric of the event, or its "loss"; false if the task does not have it. */
bool eval_metric(const struct eval_event *e, const char *name, double *value, bool *lower_is_better);

struct done_event {
    double accuracy, loss; /* of the last evaluation; of the last epoch's training if there is no val set */
    double seconds;        /* training, evaluation excluded */
    double samples_per_second;
    double peak_bytes; /* maximum over the ranks, shared memory included */
    uint64_t weights_hash;
    int64_t classes;
    const int64_t *confusion; /* [true][predicted] of the last evaluation, or NULL */
};

struct observer {
    void *self;
    void (*step)(void *self, const struct step_event *e); /* after every step: must be cheap */
    void (*epoch)(void *self, const struct epoch_event *e);
    void (*eval)(void *self, const struct eval_event *e);
    void (*done)(void *self, const struct done_event *e);
    int64_t (*mark)(void *self); /* bytes of metrics written so far, stored in checkpoints */
    void (*settle)(
        void *self); /* syncs them to the disk; called on another thread, concurrently with the others */
};

#endif
