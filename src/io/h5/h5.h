/* h5.h - reads and writes HDF5 files: numbers, texts and attributes.
 *
 * Files are opened read-only without locks, and written under a temporary name that is renamed when
 * everything is on the disk. Every file is untrusted: a child process reads it, with limits of memory and
 * time, so that a file that makes the HDF5 library crash or loop ends in a message. Only hard links and
 * HDF5's own filters are used, and no other file; ranks, sizes and types are checked before memory is
 * allocated. Reading fails with STATUS_DATA, writing with STATUS_OTHER, each in one line that names file
 * and object. Object names are paths inside the file ("train/images"; "/" is the root). Not thread-safe:
 * one thread of a process at a time. While a checkpoint is written in the background (saver.h), the main
 * thread opens no file. Local functions. */
#ifndef IO_H5_H5_H
#define IO_H5_H5_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

#define H5_MAX_RANK    32
#define H5_MAX_FILTERS 8
#define H5_NAME_SIZE   32

/* What the elements of a dataset are. Enumerations, such as h5py's bool, and bit fields, such as PyTables' bool, count
 * as integers. A table has elements of several columns (a compound type); each numeric one of them is a dataset of its
 * own, TABLE/COLUMN, for all functions that read. */
enum h5_kind { H5_KIND_INT, H5_KIND_REAL, H5_KIND_TEXT, H5_KIND_TABLE, H5_KIND_OTHER };

/* Element types in memory and of the datasets written here. */
enum h5_type { H5_TYPE_U8, H5_TYPE_I64, H5_TYPE_F32, H5_TYPE_F64 };
#define H5_WIDEST 8 /* bytes of the widest one */

enum h5_object { H5_OBJECT_NONE, H5_OBJECT_GROUP, H5_OBJECT_DATASET };

struct h5_filter {
    int id;
    bool available; /* whether this HDF5 can read data that went through it */
    int level;      /* of gzip, else -1 */
    char name[H5_NAME_SIZE];
};

struct h5_info {
    int rank; /* 0 = a single value */
    int64_t dims[H5_MAX_RANK];
    int64_t elements; /* product of dims; times `bytes`, or H5_WIDEST if that is more, it fits in int64 */
    enum h5_kind kind;
    int bytes; /* of an element */
    bool is_signed;
    bool is_bits; /* stored as a bit field */
    bool is_chunked;
    int64_t chunk[H5_MAX_RANK];
    int filter_count; /* at most H5_MAX_FILTERS are described */
    struct h5_filter filters[H5_MAX_FILTERS];
};

/* What the attributes of NetCDF's conventions say of the numbers of a dataset: the stored v stands for
 * v * scale_factor + add_offset, computed in float if both attributes are float32, else in double; what equals
 * `_FillValue` or one of `missing_value`, as stored, is missing; `_Unsigned` may contradict the type. */
#define H5_FILLS_MAX 16
struct h5_number {
    double real;
    int64_t whole;
    bool is_whole; /* `whole` is the same number */
};
struct h5_packing {
    bool is_packed, single; /* there is a factor or an offset; which are float32 */
    bool other_sign;        /* signed integers stand for unsigned ones, or the other way round */
    double scale, offset;
    int fill_count;
    struct h5_number fills[H5_FILLS_MAX];
};

static inline bool h5_is_plain(const struct h5_packing *p)
{
    return !p->is_packed && !p->other_sign && p->fill_count == 0;
}

/* "uint8", "float32", "text", ... and "(60000, 1, 28, 28)" for people. */
#define H5_TEXT_SIZE 160
void h5_type_text(const struct h5_info *info, char text[H5_TEXT_SIZE]);
void h5_shape_text(int rank, const int64_t *dims, char text[H5_TEXT_SIZE]);

/* Writes the version of the library, such as "1.10.8". */
void h5_version(char text[H5_NAME_SIZE]);

/* ---- reading ---- */

/* Opens a file. With `allow_external` (data.allow_external) it may lead out of itself: soft and external
 * links, external storage and virtual datasets are followed, and filter plugins are loaded. */
struct h5;
enum status h5_open(struct h5 **out, const char *path, bool allow_external);
void h5_close(struct h5 **f);

/* Whether the process that reads the file has died, over the file or otherwise: it answers no more. Errors: why. */
enum status h5_check(const struct h5 *f);

/* Closes *f, whose datasets are closed, and opens another file, or the same again, in the same child process if
 * there is one: *f may be NULL. Saves the start of a process for each of many files. On failure *f is NULL, unless
 * the process has died over this file: then *f stays and answers so again, also to a further h5_reopen. */
enum status h5_reopen(struct h5 **f, const char *path, bool allow_external);

/* Finds what kind of object a name is, and whether an object has an attribute. A link that may not be
 * followed is an error, not "there is none". */
enum status h5_find(struct h5 *f, const char *name, enum h5_object *what);
enum status h5_has_attr(struct h5 *f, const char *object, const char *attr, bool *has);

/* Finds the names of whatever is directly in a group, in the order of their bytes. One block, released with
 * mem_free. */
enum status h5_children(struct h5 *f, const char *group, char ***names, int64_t *count);

/* Lets requests about this file take a little more time: to be called for each object of a file that is read object by
 * object, so that good ones never reach the limit, and bad ones soon do. */
void h5_give_time(struct h5 *f);

/* Describes a dataset; STATUS_DATA also if it is none. The second describes an attribute, if there is one. */
enum status h5_describe_data(struct h5 *f, const char *name, struct h5_info *info);
enum status h5_describe_attr(struct h5 *f, const char *object, const char *attr, bool *has,
                             struct h5_info *info);

/* Finds the first of some places that is there, -1 = none: attributes, or datasets where `attr` is NULL. */
struct h5_place {
    const char *object, *attr;
};
enum status h5_find_first(struct h5 *f, const struct h5_place *places, int count, int *which);

/* Calls `each` for every dataset below a group, in name order, and for every column of a table; info is
 * NULL for one that cannot be described (status_text() says why). Links to other files are not followed.
 * Stops with an error when the child dies, or when all datasets together take more time than one answer
 * may. */
enum status h5_visit(struct h5 *f, const char *group,
                     void (*each)(void *self, const char *name, const struct h5_info *info), void *self);

/* Opens a dataset, with a cache for the chunks of a few rows. Fails when a filter is missing, when the rows
 * are in other files, and when more is declared than the file can hold. Close it before its file. */
struct h5_data;
enum status h5_data_open(struct h5_data **out, struct h5 *f, const char *name);
void h5_data_close(struct h5_data **d);

/* Opens the first of some datasets that exists, in one request; *out is NULL if none does. */
struct h5_first {
    int which;     /* -1 = none */
    bool has_attr; /* it has the attribute `attr` */
};
enum status h5_data_open_first(struct h5_data **out, struct h5 *f, const char *const *names, int count,
                               const char *attr, struct h5_first *first);
const struct h5_info *h5_data_info(const struct h5_data *d);
const struct h5_packing *h5_data_packing(const struct h5_data *d); /* d NULL = numbers stand for themselves */

/* Reads rows first .. first+count-1 (of the first dimension) as `type`. Integers become floats by
 * rounding; floats never become integers; a float64 beyond float32 becomes Inf; an integer that does not
 * fit is an error. As floats, packed numbers come unpacked, and missing ones as NaN: h5_fill_of tells which of
 * the fill values was there. Integers come as they are stored. */
enum status h5_data_read(struct h5_data *d, int64_t first, int64_t count, enum h5_type type, void *out);

/* Returns the fill value that stood where NaN is, perhaps as a double; NULL = NaN was stored. */
const struct h5_number *h5_fill_of(const struct h5_packing *p, float missing);

/* Reads rows first, first + step, ...; step >= 1. */
enum status h5_data_read_every(struct h5_data *d, int64_t first, int64_t step, int64_t count,
                               enum h5_type type, void *out);

/* The same along another axis, before which all have length 1. */
enum status h5_data_read_along(struct h5_data *d, int axis, int64_t first, int64_t step, int64_t count,
                               enum h5_type type, void *out);

/* Reads everything, also a single value. */
enum status h5_data_read_all(struct h5_data *d, enum h5_type type, void *out);

/* Reads a whole small dataset of exactly `count` elements. */
enum status h5_read(struct h5 *f, const char *name, enum h5_type type, int64_t count, void *out);

/* Read texts of fixed or variable length. `text`, and `texts` as one block, are released with mem_free. */
enum status h5_read_text(struct h5 *f, const char *name, char **text);
enum status h5_read_texts(struct h5 *f, const char *name, char ***texts, int64_t *count);
enum status h5_attr_text(struct h5 *f, const char *object, const char *attr, char **text);
enum status h5_attr_texts(struct h5 *f, const char *object, const char *attr, char ***texts, int64_t *count);

/* Read numbers, exactly `count`. */
enum status h5_attr_int64s(struct h5 *f, const char *object, const char *attr, int64_t count,
                           int64_t *values);
enum status h5_attr_int64(struct h5 *f, const char *object, const char *attr, int64_t *value);
enum status h5_attr_uint64(struct h5 *f, const char *object, const char *attr, uint64_t *value);
enum status h5_attr_doubles(struct h5 *f, const char *object, const char *attr, int64_t count,
                            double *values);

/* ---- writing ---- */

struct h5_writer;

/* Starts PATH.tmp.<pid>. An existing PATH is STATUS_CONFIG unless `overwrite` and a regular file. */
enum status h5_create(struct h5_writer **out, const char *path, bool overwrite);

/* Starts a file with a seal: a block of text before the HDF5 data (HDF5 skips it) with the label, the length
 * of the file and the XXH64 of everything behind the block. The commit fills it in. An existing PATH is
 * replaced unless it is a device. */
#define H5_SEAL_BYTES 512
#define H5_SEAL_LABEL 128
enum status h5_create_sealed(struct h5_writer **out, const char *path, const char *label);

/* Checks all bytes of a sealed file against its seal, without a call to HDF5, and returns the label; the
 * second reads only the label and checks only the length. Errors: STATUS_DATA, also without a seal. */
enum status h5_check_seal(const char *path, char label[H5_SEAL_LABEL]);
enum status h5_read_seal(const char *path, char label[H5_SEAL_LABEL]);

/* Returns whether the file begins with a seal and such a label, or with only one of them, however damaged
 * the rest is. */
bool h5_looks_sealed(const char *path, const char *label_start);

/* Closes the file, syncs it to the disk and renames it; on failure nothing is left behind. */
enum status h5_commit(struct h5_writer **w);

/* Removes the unfinished file. NULL is allowed, so it may follow a commit. */
void h5_discard(struct h5_writer **w);

/* Write an object, and missing parent groups. A group may exist already. Ranks 0 .. 5. */
enum status h5_write_group(struct h5_writer *w, const char *name);
enum status h5_write(struct h5_writer *w, const char *name, enum h5_type type, int rank, const int64_t *dims,
                     const void *data);
enum status h5_write_text(struct h5_writer *w, const char *name, const char *text);
enum status h5_write_texts(struct h5_writer *w, const char *name, const char *const *texts, int64_t count);

/* A dataset filled row by row, in order. chunk_rows 0 = contiguous; gzip 0 = none, 1..9 needs chunks. */
struct h5_rows;
enum status h5_rows_create(struct h5_rows **out, struct h5_writer *w, const char *name, enum h5_type type,
                           int rank, const int64_t *dims, int64_t chunk_rows, int gzip);
enum status h5_rows_write(struct h5_rows *r, int64_t count, const void *data);
void h5_rows_close(struct h5_rows **r); /* before the commit */

/* An attribute holds at most some 4000 texts (64 KB of references); more make a dataset. */
#define H5_ATTR_TEXTS_MAX 4000
enum status h5_write_attr_text(struct h5_writer *w, const char *object, const char *attr, const char *text);
enum status h5_write_attr_texts(struct h5_writer *w, const char *object, const char *attr,
                                const char *const *texts, int64_t count);
enum status h5_write_attr_int64(struct h5_writer *w, const char *object, const char *attr, int64_t value);
enum status h5_write_attr_uint64(struct h5_writer *w, const char *object, const char *attr, uint64_t value);
enum status h5_write_attr_double(struct h5_writer *w, const char *object, const char *attr, double value);

#endif
