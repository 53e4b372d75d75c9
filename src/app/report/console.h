/* console.h - the lines of a running training: one per epoch, a bar or a line every 30 s in between, and the
 * result.
 *
 * For rank 0; local functions. Private to the app layer. */
#ifndef APP_REPORT_CONSOLE_H
#define APP_REPORT_CONSOLE_H

#include <stdbool.h>

#include "nn/metrics/metric.h"
#include "train/observer.h"

struct console {
    const char *const *class_names; /* of the last evaluation, or NULL */
    struct epoch_event epoch;       /* waits for its evaluation, which is on the same line */
    bool epoch_waits;
    char split[32]; /* of the last evaluation, "" if there was none */
    int64_t correct, count;
    char headline[METRIC_NAME_SIZE]; /* its main metric, if that is not accuracy; otherwise "" */
    double headline_value;
    double eta, eta_time; /* the last estimate of the trainer, and when it was made */
    double next_look, next_line;
};

void console_open(struct console *c);
void console_step(struct console *c, const struct step_event *e);
void console_epoch(struct console *c, const struct epoch_event *e);
void console_eval(struct console *c, const struct eval_event *e);
void console_done(struct console *c, const struct done_event *e);
void console_close(struct console *c);

#endif
