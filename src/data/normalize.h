/* normalize.h - from stored features to a network's inputs, and from stored targets to those of its loss,
 * with the statistics of the training set. */
#ifndef DATA_NORMALIZE_H
#define DATA_NORMALIZE_H

#include "data/config.h"
#include "data/dataset/dataset.h"
#include "data/transform/transform.h"

/* How stored features become inputs: the features of a sample are `channels` equal runs, and those of run
 * c become x * scale[c] + shift[c]. Statistics hold for one stored type: those of uint8 images mean
 * nothing for floats. */
struct normal {
    int64_t channels;
    enum feature_type type;
    float *mean, *std; /* [channels], in stored units; 0 and 1 where nothing is measured */
    float *scale, *shift;
    float *
        missing; /* [channels]: what stands for missing values (data.missing), in stored units; NULL = NaN stays */
    float *filled;                /* [channels]: the same scaled and shifted */
    struct transforms transforms; /* what they go through afterwards */
    struct shape
        stored; /* of samples, where the model's input has another shape than they; c = 0 elsewhere */
};

/* Measures features of `d` if the mode asks for it, and what stands for missing values: with MISSING_MEAN the mean of
 * a channel over the values that are there, which then counts as if it were stored (sklearn's SimpleImputer before a
 * StandardScaler). Collective: all ranks get the same values and the same status. Errors: STATUS_DATA where a channel
 * has no value at all. */
enum status normal_init(struct normal *n, struct comm *comm, const struct dataset *d,
                        enum data_normalize mode);
void normal_free(struct normal *n);

/* The same for the targets of a set of TARGET_VALUES: `channels` is K. */
enum status normal_init_targets(struct normal *n, struct comm *comm, const struct dataset *d);

/* For statistics from elsewhere: allocates, the caller fills mean and std and, after normal_add_missing, `missing`;
 * normal_finish derives the rest. Local. */
enum status normal_init_empty(struct normal *n, int64_t channels, enum feature_type type);
enum status normal_add_missing(struct normal *n);
void normal_finish(struct normal *n);

/* Rows of samples, as they are stored or changed by augmentation. */
struct normal_rows {
    const void *const *rows; /* [live]: each [features], of the stored type */
    int64_t features;
    int64_t lanes, live, ahead; /* as of a gather */
    int64_t stride;             /* of x */
    float *room;                /* transforms_room of the lanes; NULL = none is needed */
};

/* Makes them inputs of a model, x [features of an input][stride]; dead lanes become zeros. Local. */
void normal_gather(const struct normal *n, const struct kernels *k, const struct normal_rows *r, float *x);

/* STATUS_DATA if the samples of `d` are of another type or do not divide into the channels. Local. */
enum status normal_check(const struct normal *n, const struct dataset *d);

#endif
