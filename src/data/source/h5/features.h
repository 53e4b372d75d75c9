/* features.h - features of an HDF5 file, of any integer or float type and order of axes, as a model takes them. */
#ifndef DATA_SOURCE_H5_FEATURES_H
#define DATA_SOURCE_H5_FEATURES_H

#include "data/source/h5/find.h"
#include "data/source/source.h"

struct layout {
    const char *name;
    int rank;
    bool channels_last;
};

struct features {
    struct found x;
    int missing;                 /* enum data_missing */
    const struct layout *layout; /* as the file or data.layout says; NULL = neither does */
    int64_t scratch_rows;
    void *scratch; /* [scratch_rows][positions][C], NULL = channels are first */
};

/* Describes the features that were found in f->x: shape and type of a sample, and how many there are.
 * features_close also after a failure. Errors: STATUS_DATA, not numbers, or another shape. */
enum status features_open(struct features *f, struct h5 *file, const struct source_options *options,
                          struct source_info *info);
void features_close(struct features *f);

/* Reads samples [part.count][F] in the type of `info`. Errors: those of reading; NaN or Inf. */
enum status features_read(const struct features *f, const struct source_info *info, struct range part,
                          void *out);

/* Reads the numbers of an attribute of the features (source_read_attribute). */
enum status features_read_attribute(const struct features *f, struct h5 *file, const char *name,
                                    int64_t count, double *values, int64_t *found);

/* Finds the layout that the attribute `layout` of an object names; *layout stays as it is where there is none. */
enum status features_find_layout(struct h5 *file, const struct found *object, const struct layout **layout);

/* The type in which features are read; packed bytes, and those that may be missing, are floats. */
enum feature_type features_type(const struct found *x, const struct source_options *options);

#endif
