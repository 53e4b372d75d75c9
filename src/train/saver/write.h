/* write.h - one checkpoint from a copy to its files, on whichever thread. Local, for rank 0. */
#ifndef TRAIN_SAVER_WRITE_H
#define TRAIN_SAVER_WRITE_H

#include "train/observer.h"
#include "train/checkpoint/folder.h"
#include "train/saver/snapshot.h"

struct saver_write {
    const struct snapshot *snapshot;
    const struct observer *observer;
    const char *folder;
    int names; /* enum saver_name */
    int64_t keep;
    double seconds, busy;              /* what the last write took, and for how long of it it had a core */
    bool saved;                        /* whether the last one has its first name, and so is complete */
    char newest[CHECKPOINT_FILE_SIZE]; /* the path of the last one that is; "" = none */
};

/* Writes the checkpoint under all its names, and removes those that are not kept any more. `self` is a struct saver_write. Errors:
 * what the file system says; then nothing is left of it, or it is saved and lacks other names, or older ones could not be removed. */
enum status saver_write(void *self);

#endif
