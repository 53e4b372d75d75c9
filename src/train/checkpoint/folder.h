/* folder.h - the files of a folder of checkpoints. Local functions, for rank 0. */
#ifndef TRAIN_CHECKPOINT_FOLDER_H
#define TRAIN_CHECKPOINT_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "train/checkpoint/checkpoint.h"
#include "core/status.h"

#define CHECKPOINT_FILE_SIZE 4096

/* Makes the folder if it is not there. */
enum status checkpoint_folder_make(const char *folder);

/* Before a run that has done `step` steps writes into it: removes what a killed run was writing, and puts aside, as NAME.old, the
 * checkpoints of later or unknown steps: those are damaged, or belong to a course the run was taken back from. */
enum status checkpoint_folder_tidy(const char *folder, int64_t step);

/* The greatest step of a checkpoint whose length is right, and its name; -1 if there is none. */
int64_t checkpoint_folder_newest(const char *folder, char name[CHECKPOINT_NAME_SIZE]);

enum status checkpoint_folder_path(char path[CHECKPOINT_FILE_SIZE], const char *folder, const char *name);

/* Gives the file `of` a further name, which another file may have had; never is there a moment without that name. *possible is
 * false where files have one name only: then nothing was done. */
enum status checkpoint_folder_link(const char *folder, const char *name, const char *of, bool *possible);

/* Brings the names in the folder to the disk, as far as its file system can. */
void checkpoint_folder_sync(const char *folder);

/* Of the files that are named by a step up to this one, removes all but the newest `keep`. */
enum status checkpoint_folder_prune(const char *folder, int64_t step, int64_t keep);

#endif
