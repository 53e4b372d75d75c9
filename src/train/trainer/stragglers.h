/* stragglers.h - finds a rank that keeps the others waiting.
 *
 * Compares the time per pass for reading samples and computing gradients, because ranks may have different
 * numbers of passes. A rank whose CPU time falls behind the wall time shares its core with others. */
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

/* The time that this rank computed since the last judgement, waiting excluded, and what it got of a core meanwhile. */
struct core_share {
    double wall, cpu;
    double got; /* of a core, as judged last */
    bool told;  /* on all ranks */
};

/* Adds the times of a part of a step. Requests a warning of all ranks (REQUEST_CORE) where this one got
 * clearly less than a core for some seconds: other processes run on its core then, such as those of a
 * second job that a launcher bound to the same one. Not where ranks outnumber the cores, which is said at
 * the start. Local. */
void stragglers_add_time(struct trainer *t, double wall, double cpu);

/* Warns of the rank that got least, once a run, with the likely cause. Collective. */
void stragglers_report_core(struct trainer *t);

#endif
