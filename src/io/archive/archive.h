/* archive.h - reads arrays of numbers from files of other programs: safetensors, PyTorch's .pt and .pth, NumPy's
 * .npz, and HDF5 with the weights of Keras.
 *
 * The content of a file says what it is, not its name. Every file is untrusted: lengths, shapes and places are checked
 * against the file before memory is allocated, nothing in it is executed, and a file that is cut short while it is
 * read ends in a message. Names and shapes are PyTorch's, whatever the format: "stem.weight", kernels with their
 * outputs first. All functions are local. Errors: STATUS_DATA with the name of the file. */
#ifndef IO_ARCHIVE_ARCHIVE_H
#define IO_ARCHIVE_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

#define ARCHIVE_RANK    8
#define ARCHIVE_NAME    256 /* of an entry, its end included */
#define ARCHIVE_PROBLEM 96

enum archive_type {
    ARCHIVE_F16,
    ARCHIVE_BF16,
    ARCHIVE_F32,
    ARCHIVE_F64,
    ARCHIVE_INTEGER, /* or true and false, or no numbers: no weights */
    ARCHIVE_OTHER,   /* may be weights, but is not read */
};

struct archive_entry {
    char name[ARCHIVE_NAME];
    enum archive_type type;
    char problem[ARCHIVE_PROBLEM]; /* why its values cannot be read: "holds int64"; "" = they can */
    int rank;
    int64_t dims[ARCHIVE_RANK];
    int64_t elements;       /* product of dims; times 8 it fits in int64 */
    int axes[ARCHIVE_RANK]; /* the axes as the file stores them, slowest first */
    bool big_endian;        /* as the file stores it */
    bool
        flattens_last; /* a matrix or vector whose inputs, where they were an image, have its channels last */
    int64_t member, offset; /* where the values are, as the format counts */
};

struct archive;

/* Opens a file and lists what is in it, in the order in which the file was written, where it tells. */
enum status archive_open(struct archive **out, const char *path);
void archive_close(struct archive **a);

/* "safetensors", "PyTorch", "NumPy" or "HDF5". */
const char *archive_format(const struct archive *a);

int64_t archive_count(const struct archive *a);
const struct archive_entry *archive_entry(const struct archive *a, int64_t index);

/* Reads all values of an entry without a problem as floats, in the order of `dims`. */
enum status archive_read(struct archive *a, int64_t index, float *values);

#endif
