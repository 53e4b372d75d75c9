/* summary.h - what the files of a run directory say about a run. Local functions. Private to the app layer. */
#ifndef APP_RUNS_SUMMARY_H
#define APP_RUNS_SUMMARY_H

#include "nn/metrics/metric.h"
#include "train/config.h"

#define SUMMARY_METRICS   (METRIC_MAX + 4)
#define SUMMARY_NAME_SIZE (METRIC_NAME_SIZE + 8)

enum run_state {
    RUN_RUNNING,
    RUN_COMPLETE,
    RUN_SAVED, /* can be resumed */
    RUN_FAILED
};

struct summary_metric {
    char name[SUMMARY_NAME_SIZE]; /* "train.loss", "val.accuracy", ... */
    bool lower_is_better;
    double last, best;
    int64_t best_epoch;
};

struct summary {
    char *path;
    enum run_state state;
    int64_t epoch, epochs; /* completed, and of the whole run */
    int64_t ranks;
    double seconds, rate; /* of the epochs; samples a second of the last one. NaN: unknown */
    int metric_count;
    struct summary_metric metrics[SUMMARY_METRICS];
    bool has_config; /* false: config.yaml is missing, or of a version that had other keys */
    struct config config;
};

/* Whether a folder is a run directory: it holds metrics.jsonl and config.yaml. */
bool summary_is_run(const char *path);

/* Reads a run. A line of metrics.jsonl that is not complete is left out. Errors: STATUS_OTHER, memory or a file that
 * cannot be read; STATUS_DATA for a line that is no JSON. Released with summary_free, also after an error. */
enum status summary_read(struct summary *r, const char *path);
void summary_free(struct summary *r);

/* Returns a metric by name, or NULL. */
const struct summary_metric *summary_find(const struct summary *r, const char *name);

/* "running", ... */
const char *summary_state_name(enum run_state state);

#endif
