/* labels.h - labels and weights of an HDF5 file, of any integer or float type, as numbers. */
#ifndef DATA_SOURCE_H5_LABELS_H
#define DATA_SOURCE_H5_LABELS_H

#include "data/source/h5/find.h"
#include "data/source/range.h"
#include "data/source/source.h"

/* A label in the widest type of its kind. */
union label_number {
    int64_t integer;
    double real;
};

struct labels {
    struct found y, weights; /* weights.data may be NULL */
    int64_t width;           /* numbers in a row */
    int64_t weight_width;    /* weights in a row */
    bool integers;           /* the labels are stored as integers, which stand for themselves */
    bool may_miss;           /* what is missing is marked, and not an error */
    bool has_ignored;
    int64_t ignored; /* by the loss; never missing */
    int64_t block_rows;
    union label_number *block; /* [block_rows][width]: numbers on their way to labels or targets */
};

/* Takes the labels that were found in l->y, if any, and, if they are named, weights of info->samples
 * samples, and describes them in `info`, which borrows from `l`. labels_close also after a failure. */
enum status labels_open(struct labels *l, struct h5 *f, const char *path, const char *group,
                        const struct source_options *names, struct source_info *info);
void labels_close(struct labels *l);

/* Parts of it: describe l->y and l->weights in `out`; take over what may be missing; make l->block for l->width
 * numbers. */
enum status labels_describe(struct labels *l, struct source_info *out);
enum status labels_describe_weights(struct labels *l, struct source_info *out);
void labels_set_missing(struct labels *l, const struct source_options *options);
enum status labels_make_block(struct labels *l);

/* Makes labels or targets of the numbers in l->block; an array that is NULL is not wanted. Errors: STATUS_DATA, naming
 * l->y.where and the sample. Changes l->block where l->y.data has values that are missing. */
enum status labels_take_block(const struct labels *l, struct range part, int32_t *labels, float *targets);

/* STATUS_DATA if a weight is negative, NaN or Inf. */
enum status labels_check_weights(const struct labels *l, struct range part, const float *weights);

/* Everything but features. */
enum status labels_read(struct labels *l, struct range part, const struct source_rows *rows);

#endif
