/* pickle.h - reads the pickle of a state_dict: what torch.save writes about tensors, and nothing else.
 *
 * A pickle is a program for a small machine. This one knows dictionaries, lists, tuples, numbers, texts, and the
 * classes of a state_dict: OrderedDict, the storages of torch, and the functions that put a tensor or a parameter
 * together from them. Everything else is refused by name; nothing is imported or executed. Memory grows with the
 * bytes of the pickle only. Local functions; errors are STATUS_DATA, without the name of the file. */
#ifndef IO_ARCHIVE_PICKLE_H
#define IO_ARCHIVE_PICKLE_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"
#include "io/archive/archive.h"

struct pickle;

/* Fails for a pickle of more bytes than are read. */
enum status pickle_check_size(int64_t bytes);

/* Reads a whole pickle; the bytes must outlive it. */
enum status pickle_read(struct pickle **out, const uint8_t *bytes, size_t size);
void pickle_destroy(struct pickle **p);

struct pickle_tensor {
    char storage[40]; /* "FloatStorage" */
    char key[40];     /* of the storage in the file */
    int64_t stored;   /* numbers in the storage */
    int64_t offset;   /* of the tensor's first one */
    int rank;
    int64_t dims[ARCHIVE_RANK], strides[ARCHIVE_RANK];
};

/* Calls `each` for the tensors of the state_dict in its order: that is the dictionary itself, or the one in it under
 * one of the names that programs give it ("state_dict", "model", ...). Names of dictionaries within are joined by
 * dots. */
enum status pickle_each_tensor(const struct pickle *p,
                               enum status (*each)(void *self, const char *name,
                                                   const struct pickle_tensor *t),
                               void *self);

#endif
