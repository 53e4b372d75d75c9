/* epochs.h - metrics.csv: a row per epoch, for spreadsheets and data frames.
 *
 *   epoch, step, lr, train.loss, train.accuracy, val.*, seconds, samples_per_second, data_share, compute_share,
 *   sync_share
 *
 * The columns val.* are what the lines "eval" of metrics.jsonl have. A value that is not defined is an empty cell. Lines end as in
 * the other CSV files, with a line feed. The
 * file is always written as a whole from metrics.jsonl, so that it is never half a table, and after a resume has the
 * epochs of the checkpoint. For rank 0; local. Private to the app layer. */
#ifndef APP_RUNS_EPOCHS_H
#define APP_RUNS_EPOCHS_H

#include "core/status.h"

/* Writes it in the run directory `folder`. Errors: STATUS_OTHER, STATUS_DATA. */
enum status epochs_write(const char *folder);

#endif
