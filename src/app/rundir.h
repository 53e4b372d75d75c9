/* rundir.h - the folder of a run and the files the program writes into it.
 *
 *   config.yaml     the resolved configuration          metrics.jsonl   one JSON object per event (journal.h)
 *   env.json        where, with what, how started       confusion.csv   of the last evaluation
 *   log.txt         the lines of the console            report.json     all that evaluation found (report.h)
 *   checkpoints/    written by the trainer
 *
 * For rank 0 only; local functions. Private to the app layer. */
#ifndef APP_RUNDIR_H
#define APP_RUNDIR_H

#include <stdbool.h>

#include "ddp/status.h"

#define RUNDIR_PATH_SIZE 4096

/* Chooses the folder: `wanted`, or if NULL runs/<name>-<UTC>[-j<SLURM_JOB_ID>]. Creates nothing. Errors:
 * STATUS_CONFIG if it is not empty and `overwrite` is false. *path is released with mem_free. */
enum status rundir_choose(char **path, const char *wanted, const char *name, bool overwrite);

/* Makes the folder, removes what an earlier run of this program left there (and nothing else) and writes
 * config.yaml. */
enum status rundir_create(const char *path, const char *config_text);

/* The path of a file in the folder. */
enum status rundir_file(const char *path, const char *file, char out[RUNDIR_PATH_SIZE]);

/* Appends the message of a run that did not come to its end to log.txt: "error: TEXT", or the text if it was stopped. */
void rundir_note_end(const char *path, enum status status);

#endif
