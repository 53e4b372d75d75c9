/* rundir.h - the folder of a run and the files the program writes into it.
 *
 *   config.yaml     the resolved configuration          metrics.jsonl   one JSON object per event (journal.h)
 *   env.json        where, with what, how started       confusion.csv   of the last evaluation
 *   log.txt         the lines of the console            report.json     all results of it (report.h)
 *   report.html     a page with all of it (page.h)      model.svg       the model, drawn (graph.h)
 *   metrics.csv     a row per epoch (epochs.h)          lock            held by the running process (lock.h)
 *   checkpoints/    written by the trainer              events.out.*    for TensorBoard (tensorboard.h)
 *
 * For rank 0 only; local functions. Private to the app layer. */
#ifndef APP_RUNDIR_RUNDIR_H
#define APP_RUNDIR_RUNDIR_H

#include <stdbool.h>

#include "core/status.h"

#define RUNDIR_PATH_SIZE 4096

/* Begin and end of names of event files, which other programs write, too. */
#define RUNDIR_EVENTS     "events.out.tfevents."
#define RUNDIR_EVENTS_END ".ddp_train"

/* Finds whether a folder is empty. One that does not exist is empty, and so is one with only a lock. */
enum status rundir_is_empty(const char *path, bool *empty);

/* Returns the name of a new folder: runs/<name>-<UTC>[-j<SLURM_JOB_ID>]. Creates nothing. *path is released
 * with mem_free. */
enum status rundir_name(char **path, const char *name);

/* Calls `each` for every run directory of that name, newest first, until it sets `stop` or fails; within a
 * Slurm job only for those of the job. */
enum status rundir_each(const char *name, enum status (*each)(void *self, const char *path, bool *stop),
                        void *self);

/* Returns the name of a file that a run would replace, in a folder that is not a run directory; NULL if there
 * is none. */
const char *rundir_find_foreign_file(const char *path);

/* Creates a folder and its parents, as mkdir -p. */
enum status rundir_make(const char *path);

/* Removes the files of an earlier run, and nothing else. */
enum status rundir_clear(const char *path);

/* Creates checkpoints/, removes temporary files of a killed run, and writes config.yaml. */
enum status rundir_begin(const char *path, const char *config_text);

/* Writes the path of a file in the folder. Errors: STATUS_CONFIG if it is too long. */
enum status rundir_file(const char *path, const char *file, char out[RUNDIR_PATH_SIZE]);

/* Appends the message of a run that did not complete to log.txt: "error: TEXT", or the text if it was
 * stopped. */
void rundir_note_end(const char *path, enum status status);

#endif
