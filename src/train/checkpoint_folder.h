/* checkpoint_folder.h - the files of a folder of checkpoints. Local functions, for rank 0. */
#ifndef DDP_TRAIN_CHECKPOINT_FOLDER_H
#define DDP_TRAIN_CHECKPOINT_FOLDER_H

#include <stdint.h>

#include "ddp/status.h"

#define CHECKPOINT_FILE_SIZE 4096
#define CHECKPOINT_NAME_SIZE 32

/* Makes the folder if it is not there, and removes what a killed run was writing in it. */
enum status checkpoint_folder_make(const char *folder);

/* "step-000000120.h5", and a file's path. */
void checkpoint_folder_name(char name[CHECKPOINT_NAME_SIZE], int64_t step);
enum status checkpoint_folder_path(char path[CHECKPOINT_FILE_SIZE], const char *folder, const char *name);

/* Gives the file `of` a further name, which another file may have had; never is there a moment without that name. */
enum status checkpoint_folder_link(const char *folder, const char *name, const char *of);

/* Removes all but the newest `keep` of the files that are named by their step. */
enum status checkpoint_folder_prune(const char *folder, int64_t keep);

#endif
