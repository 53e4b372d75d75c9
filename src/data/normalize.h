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
    struct transforms transforms; /* what they go through afterwards */
};

/* Measures features of `d` if the mode asks for it. Collective: all ranks get the same values and the same
 * status. */
enum status normal_init(struct normal *n, struct comm *comm, const struct dataset *d,
                        enum data_normalize mode);
void normal_free(struct normal *n);

/* The same for the targets of a set of TARGET_VALUES: `channels` is K. */
enum status normal_init_targets(struct normal *n, struct comm *comm, const struct dataset *d);

/* For statistics from elsewhere: allocates, the caller fills mean and std, normal_finish derives scale and
 * shift. Local. */
enum status normal_init_empty(struct normal *n, int64_t channels, enum feature_type type);
void normal_finish(struct normal *n);

/* STATUS_DATA if the samples of `d` are of another type or do not divide into the channels. Local. */
enum status normal_check(const struct normal *n, const struct dataset *d);

#endif
