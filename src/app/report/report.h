/* report.h - the start-up report, and the results of an evaluation for people (log lines) and for programs
 * (files).
 *
 * Lines go through log_info. For rank 0; local functions. */
#ifndef APP_REPORT_REPORT_H
#define APP_REPORT_REPORT_H

#include "train/config.h"
#include "train/trainer/trainer.h"

/* Logs machine, data, batch and model, before the first step. */
void report_start(const struct config *config, const struct comm *comm, const struct trainer_info *info);

/* Writes "conv2d out 6, kernel 5": the kind, its first argument, and those that differ from their defaults.
 */
void report_format_layer(const struct layer *layer, char *text, size_t size);

/* Logs loss and accuracy; scikit-learn's classification report, or a table of targets in original units; the
 * other metrics; the confusion matrix. `digits` are decimals of the report, or significant digits of the
 * table; -1 = the default, 2 or 6. */
void report_eval(const struct eval_event *e, int64_t digits);

/* Logs confusion [true][predicted] of [classes][classes]; names [classes] or NULL. Does nothing beyond
 * REPORT_CONFUSION_MAX classes. */
#define REPORT_CONFUSION_MAX 30
void report_confusion(int64_t classes, const int64_t *confusion, const char *const *names);

/* Writes it as CSV, for any number of classes. Errors: STATUS_OTHER. */
enum status report_write_confusion(const char *path, int64_t classes, const int64_t *confusion,
                                   const char *const *names);

/* Writes all results as one JSON object: metrics, a table per class, label or target, scikit-learn's report,
 * the confusion matrix. `checkpoint` may be NULL. Errors: STATUS_OTHER. */
enum status report_write_json(const char *path, const struct eval_event *e, const char *checkpoint,
                              const char *data);

/* Returns the names of the rows of a classification report (classes or labels), or NULL: numbers. */
const char *const *report_row_names(const struct eval_event *e);

/* Formats a duration as "1:02:03" or "4:05". */
#define REPORT_TIME_SIZE 32
void report_time(double seconds, char text[REPORT_TIME_SIZE]);

#endif
