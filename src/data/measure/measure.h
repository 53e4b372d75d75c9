/* measure.h - statistics of a training set: of every channel of whatever is made of its samples.
 *
 * Every rank measures its share of the blocks of moments.h. The functions are collective; all ranks get the same
 * numbers, whatever their number, and the same status: STATUS_OTHER, memory; STATUS_DATA, features cannot be read. */
#ifndef DATA_MEASURE_MEASURE_H
#define DATA_MEASURE_MEASURE_H

#include "comm/comm.h"
#include "data/dataset/dataset.h"

struct measure {
    struct comm *comm;
    const struct dataset *data;
    enum feature_type type; /* of the numbers that `at` returns */
    struct shape shape;     /* of a sample, with what has numbers of its own as channels */

    /* Returns the numbers of a sample, valid until the next call. */
    const void *(*at)(void *self, int64_t sample);
    void *self;
};

/* Finds mean and standard deviation as moments_finish, [channels]. */
enum status measure_moments(const struct measure *m, float *mean, float *std);

/* Finds the mean of the numbers of FEATURE_F32 that are not NaN, [channels]; NaN where there are none. */
enum status measure_known_means(const struct measure *m, float *mean);

/* Finds the smallest and the largest number of FEATURE_F32, [channels]. */
enum status measure_range(const struct measure *m, float *low, float *high);

#endif
