/* stragglers.h - which rank keeps the others waiting: how long each works before it synchronises.
 *
 * Compared is the time for reading samples and computing gradients per pass, as ranks need not have equally many. */
#ifndef TRAIN_TRAINER_STRAGGLERS_H
#define TRAIN_TRAINER_STRAGGLERS_H

#include <stdbool.h>

#include "train/observer.h"

struct trainer;

/* Of [ranks] times, which are sorted afterwards. The median of an even number is the lower one of the two in the middle, so that
 * of two ranks the faster one is the measure. `scratch` is [ranks], too. Returns whether the slowest is an outlier: more than
 * a fifth above the median, and more than three times as far from it as half of the ranks are, for where all differ nobody
 * stands out. */
bool stragglers_judge(double *ms, double *scratch, int ranks, struct rank_times *times);

/* The times of the epoch's steps so far; an outlier that was not the last one named is named in the log. Collective. Errors:
 * STATUS_OTHER, memory. */
enum status stragglers_find(struct trainer *t, struct rank_times *times);

#endif
