/* follow.h - a run while it goes on: where it is, and its curves, in a terminal. Local functions. Private to the app
 * layer. */
#ifndef APP_RUNS_FOLLOW_H
#define APP_RUNS_FOLLOW_H

#include <stdio.h>

#include "app/runs/summary.h"

/* Curves of a panel: training and validation. */
enum { FOLLOW_TRAIN, FOLLOW_VAL, FOLLOW_SPLITS };

struct follow_curve {
    double *x, *y;
    int64_t count, room;
};

struct follow {
    struct summary summary;
    char metric[SUMMARY_NAME_SIZE]; /* the first one of the evaluation beside the loss; "" = none */
    struct follow_curve loss[FOLLOW_SPLITS], metrics[FOLLOW_SPLITS];
    int64_t steps, total_steps, step; /* of an epoch, of the run, the last one that was written */
    enum status status;               /* of memory */
};

/* Reads the run in `folder`. Errors: those of summary_read. Released with follow_free, also after an error. */
enum status follow_read(struct follow *f, const char *folder);
void follow_free(struct follow *f);

/* Prints the run in lines of at most `width` columns, and returns their number. */
int follow_print(const struct follow *f, FILE *out, int width, bool colours);

/* Prints a line for each epoch that is finished, after the first ones. */
void follow_print_epochs(const struct follow *f, int64_t after, FILE *out);

#endif
