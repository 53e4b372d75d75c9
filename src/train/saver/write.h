/* write.h - writes one checkpoint from a copy to its files, on any thread. Local, for rank 0. */
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
    double seconds, busy;              /* of the last write: wall time and CPU time */
    bool saved;                        /* the last one has its first name: it is complete */
    char newest[CHECKPOINT_FILE_SIZE]; /* path of the last complete one; "" = none */
};

/* Writes the checkpoint under all its names, and removes older ones beyond `keep`. `self` is a struct
 * saver_write. Errors of the file system: nothing of it is left, or (saved) it lacks further names, or older
 * ones could not be removed. */
enum status saver_write(void *self);

#endif
