/* tally.h - what one pass over a source learns about labels and weights. */
#ifndef DATA_INSPECT_TALLY_H
#define DATA_INSPECT_TALLY_H

#include <stdio.h>

#include "data/dataset/infer.h"

#define TALLY_CLASSES 65536

struct tally {
    enum target_kind kind; /* what the labels look like */
    int64_t width;         /* numbers in a row: K, or 1 */
    int64_t
        positions; /* numbers in a row that are a class each; 1 unless these are integers with several axes */

    /* Kind index: how often each class comes. The classes are the names or the largest label + 1,
     * whichever is more. */
    int64_t classes, largest;
    int64_t *counts; /* [TALLY_CLASSES] */

    int64_t *ones;                 /* [K]: rows with a 1 */
    float *mean, *std, *min, *max; /* [K] */

    int64_t weight_width; /* of a sample */
    double weight_sum;
    float weight_min, weight_max;
    int64_t weight_zeros;

    /* private */
    struct infer_facts facts;
    int64_t samples;
    bool countable; /* integers (N,) that fit into counts */
    float *shift;
    double *block, *total;
};

enum status tally_init(struct tally *t, const struct source_info *info);

/* The next samples, at most a block of moments: targets [count][K], weights [count][weight_width] or NULL. */
void tally_add(struct tally *t, int64_t count, const float *targets, const float *weights);
void tally_end(struct tally *t, const struct source_info *info);
void tally_free(struct tally *t);

/* For people; of many classes, labels or targets only the first ones. */
void tally_print(const struct tally *t, const struct source_info *info, FILE *out);

#endif
