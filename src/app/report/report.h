/* report.h - what people read: the start-up report, what an evaluation found; and the same for programs, in files.
 *
 * Lines go through log_info. For rank 0; local functions. */
#ifndef APP_REPORT_REPORT_H
#define APP_REPORT_REPORT_H

#include "train/config.h"
#include "train/trainer/trainer.h"

/* Who runs what on which data: before the first step. */
void report_start(const struct config *config, const struct comm *comm, const struct trainer_info *info);

/* Accuracy and loss; scikit-learn's classification report, or a table of targets in original units; the other metrics; the
 * confusion matrix. `digits` are decimals of the first, significant digits of the second; -1 = 2 and 6. */
void report_eval(const struct eval_event *e, int64_t digits);

/* confusion [classes][classes] is [true][predicted]; names [classes] or NULL. Says nothing beyond so many classes. */
#define REPORT_CONFUSION_MAX 30
void report_confusion(int64_t classes, const int64_t *confusion, const char *const *names);

/* The same as CSV, whatever the number of classes. Errors: STATUS_OTHER. */
enum status report_write_confusion(const char *path, int64_t classes, const int64_t *confusion,
                                   const char *const *names);

/* Everything that the event says, as one JSON object: metrics, a table per class, label or target, scikit-learn's report, the
 * confusion matrix. `checkpoint` may be NULL. Errors: STATUS_OTHER. */
enum status report_write_json(const char *path, const struct eval_event *e, const char *checkpoint,
                              const char *data);

/* Of the rows of a classification report: classes, or labels; NULL = they have numbers. */
const char *const *report_row_names(const struct eval_event *e);

/* "1:02:03", "4:05" for a duration. */
#define REPORT_TIME_SIZE 32
void report_time(double seconds, char text[REPORT_TIME_SIZE]);

#endif
