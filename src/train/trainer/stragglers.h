/* stragglers.h - finds a rank that keeps the others waiting.
 *
 * Compares the time per pass for reading samples and computing gradients, because ranks may have different
 * numbers of passes. */
#ifndef TRAIN_TRAINER_STRAGGLERS_H
#define TRAIN_TRAINER_STRAGGLERS_H

#include <stdbool.h>

#include "train/observer.h"

struct trainer;

/* Judges times ms[ranks], which are sorted afterwards. The median of an even number is the lower of the two
 * middle values, so that of two ranks the faster one is the reference. `scratch` is [ranks]. Returns whether
 * the slowest is an outlier: more than a fifth above the median, and more than three median deviations away
 * from it. */
bool stragglers_judge(double *ms, double *scratch, int ranks, struct rank_times *times);

/* Compares the times of this epoch's steps; warns about an outlier, unless it is the one named last.
 * Collective. Errors: STATUS_OTHER, memory. */
enum status stragglers_find(struct trainer *t, struct rank_times *times);

#endif
