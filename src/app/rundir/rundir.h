/* rundir.h - the folder of a run and the files the program writes into it.
 *
 *   config.yaml     the resolved configuration          metrics.jsonl   one JSON object per event (journal.h)
 *   env.json        where, with what, how started       confusion.csv   of the last evaluation
 *   log.txt         the lines of the console            report.json     all that evaluation found (report.h)
 *   checkpoints/    written by the trainer              lock            held by the run that works here (lock.h)
 *
 * For rank 0 only; local functions. Private to the app layer. */
#ifndef APP_RUNDIR_RUNDIR_H
#define APP_RUNDIR_RUNDIR_H

#include <stdbool.h>

#include "core/status.h"

#define RUNDIR_PATH_SIZE 4096

/* Whether there is anything in it; a folder that does not exist is empty, and so is one with nothing but a lock. */
enum status rundir_is_empty(const char *path, bool *empty);

/* A folder that does not exist yet: runs/<name>-<UTC>[-j<SLURM_JOB_ID>]. Creates nothing. *path is released with mem_free. */
enum status rundir_name(char **path, const char *name);

/* Calls `each` with every run directory of that name, the newest first, until it says `stop` or fails; within a Slurm job with
 * those of the job. */
enum status rundir_each(const char *name, enum status (*each)(void *self, const char *path, bool *stop),
                        void *self);

/* The name of a file that a run would replace, in a folder where no run has been; NULL if there is none. */
const char *rundir_stranger(const char *path);

/* mkdir -p */
enum status rundir_make(const char *path);

/* Removes what an earlier run of this program left there, and nothing else. */
enum status rundir_clear(const char *path);

/* Makes checkpoints/, removes what a killed run was writing beside it, and writes config.yaml. */
enum status rundir_begin(const char *path, const char *config_text);

/* The path of a file in the folder. */
enum status rundir_file(const char *path, const char *file, char out[RUNDIR_PATH_SIZE]);

/* Appends the message of a run that did not come to its end to log.txt: "error: TEXT", or the text if it was stopped. */
void rundir_note_end(const char *path, enum status status);

#endif
