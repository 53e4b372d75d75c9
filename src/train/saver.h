/* saver.h - the checkpoints of a run: what they are called, and which ones stay.
 *
 *   step-000000120.h5   after 120 steps; the newest checkpoint.keep of them stay
 *   last.h5             another name of the newest checkpoint, whatever it is
 *   best.h5             of the best epoch so far; final.h5: of the end of the run
 *
 * Every one is complete and stands for itself. A write that fails leaves those before it, and the run goes on. */
#ifndef DDP_TRAIN_SAVER_H
#define DDP_TRAIN_SAVER_H

#include <stdint.h>

#include "ddp/status.h"

struct trainer;
struct saver;

enum saver_name { SAVER_STEP = 1, SAVER_BEST = 2, SAVER_FINAL = 4 };

/* Makes the folder. `folder` must outlive the saver; *out must be destroyed also after a failure. Collective. */
enum status saver_create(struct saver **out, struct trainer *t, const char *folder);
void saver_destroy(struct saver **s); /* collective */

/* Saves the run as it is between two steps, under these names (bits). A write that fails is a warning. Errors:
 * STATUS_DIVERGED when a weight is not finite; nothing is written then. Collective. */
enum status saver_take(struct saver *s, int names);

/* The end of the last write. Errors: STATUS_OTHER when it failed. Collective. */
enum status saver_finish(struct saver *s);

/* The path of the newest checkpoint this run wrote, "" if none; on rank 0. */
const char *saver_newest(const struct saver *s);

#endif
