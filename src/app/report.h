/* report.h - what people read: the start-up report, the lines of a run, the confusion matrix.
 *
 * Everything goes through log_info. For rank 0; local functions. */
#ifndef APP_REPORT_H
#define APP_REPORT_H

#include "ddp/config.h"
#include "ddp/trainer.h"

/* Who runs what on which data: before the first step. */
void report_start(const struct config *config, const struct comm *comm, const struct trainer_info *info);

/* confusion [classes][classes] is [true][predicted]; names [classes] or NULL. Says nothing beyond 30 classes.
 */
void report_confusion(int64_t classes, const int64_t *confusion, const char *const *names);

/* "1:02:03", "4:05" for a duration. */
#define REPORT_TIME_SIZE 32
void report_time(double seconds, char text[REPORT_TIME_SIZE]);

#endif
