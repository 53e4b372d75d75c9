/* find.h - which objects of an HDF5 file are meant: FILE or FILE:GROUP, and the names people use. */
#ifndef DATA_SOURCE_H5_FIND_H
#define DATA_SOURCE_H5_FIND_H

#include "data/source/range.h"
#include "io/h5/h5.h"

#define FIND_NAME_SIZE 1024

struct found {
    struct h5_data *data;
    struct h5_info info;                /* as its rows are seen: samples are the first axis */
    int axis;                           /* of samples in the file; not 0 for a row (1,N), MATLAB's column */
    bool has_layout;                    /* it has the attribute `layout` */
    bool whole;                         /* the file has no such axis: everything is one sample */
    char name[FIND_NAME_SIZE];          /* inside the file */
    char where[2 * FIND_NAME_SIZE + 8]; /* "FILE: NAME" for messages */
};

/* The usual names, ended by NULL. */
extern const char *const find_feature_names[], *const find_label_names[];

/* Cuts a locator at its last colon, unless that colon belongs to the name of the file. `group` points into
 * the locator; "" = the root. */
enum status find_split(const char *locator, char path[FIND_NAME_SIZE], const char **group);

/* Opens `wanted` in the group or, if that is NULL, the first of the usual names. STATUS_DATA lists what is
 * there. */
enum status find_features(struct h5 *f, const char *path, const char *group, const char *wanted,
                          struct found *out);

/* The same, and weights only as `wanted`; if there are none and they are optional, out->data stays NULL. */
enum status find_labels(struct h5 *f, const char *path, const char *group, const char *wanted, bool optional,
                        struct found *out);
enum status find_weights(struct h5 *f, const char *path, const char *group, const char *wanted, bool optional,
                         struct found *out);

/* Takes everything as one sample: of labels and weights also a single value, or a list with one. */
void find_take_whole(struct found *f, bool is_label);

/* Takes a row (1,N) as N samples, if there are `samples` of them. */
void find_take_lying(struct found *f, int64_t samples);

/* Reads samples. */
enum status find_read(const struct found *f, struct range part, enum h5_type type, void *out);

/* STATUS_DATA if a data set, called `where`, holds no numbers. */
enum status find_check_numbers(const char *where, const struct h5_info *info);

/* Whether the last part of an object's name is one of the usual names of features. */
bool find_is_features(const char *name);

#endif
