/* timeline.h - records a window of steps of all ranks in a file for Perfetto and chrome://tracing.
 *
 * Chrome's trace format: one process per node, one thread per rank, one complete event ("X") per step, phase,
 * layer and wait, in microseconds since timeline_create on rank 0; the clocks of other nodes are aligned to
 * that of rank 0. The file appears at once, complete, when the window or the run ends. */
#ifndef TRAIN_TRAINER_TIMELINE_H
#define TRAIN_TRAINER_TIMELINE_H

#include <stdint.h>

#include "train/trainer/trainer.h"

#define TIMELINE_MAX_STEPS 10000

struct timeline;

/* Makes `t` record its steps first .. first + count - 1 (the first of a run is 0). The timeline must be
 * destroyed before the trainer. `path` must outlive it. Collective. Errors:
 * STATUS_OTHER when the file cannot be written or memory is short. */
enum status timeline_create(struct timeline **out, struct trainer *t, const char *path, int64_t first,
                            int64_t count);
void timeline_destroy(struct timeline **tl); /* local; removes an incomplete file */

/* For the trainer: call before each step, and after the last. Collective. A file that cannot be written gives
 * a warning. */
void timeline_before_step(struct timeline *tl, int64_t step);
void timeline_finish(struct timeline *tl);

#endif
