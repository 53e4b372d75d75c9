/* folder.h - the files of a folder of checkpoints. Local functions, for rank 0. */
#ifndef TRAIN_CHECKPOINT_FOLDER_H
#define TRAIN_CHECKPOINT_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "train/checkpoint/checkpoint.h"
#include "core/status.h"

#define CHECKPOINT_FILE_SIZE 4096

/* Creates the folder if it does not exist. */
enum status checkpoint_folder_make(const char *folder);

/* Call before a run that has done `step` steps writes into the folder: removes temporary files of a killed
 * run, and renames to NAME.old the checkpoints of later or unknown steps, which are damaged or belong to
 * steps that are now repeated. */
enum status checkpoint_folder_tidy(const char *folder, int64_t step);

/* Returns the highest step of the checkpoints of correct length, and its name; -1 if there is none. */
int64_t checkpoint_folder_newest(const char *folder, char name[CHECKPOINT_NAME_SIZE]);

enum status checkpoint_folder_path(char path[CHECKPOINT_FILE_SIZE], const char *folder, const char *name);

/* Gives the file `of` a further name, atomically if another file has that name. *possible is false where the
 * file system has no hard links: then nothing is done. */
enum status checkpoint_folder_link(const char *folder, const char *name, const char *of, bool *possible);

/* Syncs the names in the folder to the disk, as far as its file system can. */
void checkpoint_folder_sync(const char *folder);

/* Removes all but the newest `keep` of the files named by a step up to this one. */
enum status checkpoint_folder_prune(const char *folder, int64_t step, int64_t keep);

#endif
