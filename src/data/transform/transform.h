/* transform.h - what all samples go through, in training, evaluation and prediction, on their way into a model.
 *
 * A list of steps, element by element, each with numbers for every channel (or feature): from the configuration, or
 * measured in the training set after the steps before. A checkpoint holds these numbers. */
#ifndef DATA_TRANSFORM_TRANSFORM_H
#define DATA_TRANSFORM_TRANSFORM_H

#include "comm/comm.h"
#include "data/dataset/dataset.h"
#include "data/step.h"
#include "math/kernels.h"

/* What a kind needs to know of the training set. */
enum transform_needs { NEEDS_NOTHING, NEEDS_MOMENTS, NEEDS_RANGE };

/* The statistics of run c; those that are not asked for are 0. */
struct transform_facts {
    int64_t runs;
    float *mean, *std, *low, *high; /* [runs] */
};

/* What is done to an element, with the numbers a and b of its run. */
enum transform_form {
    FORM_AFFINE, /* x * a + b */
    FORM_CLIP,   /* at least a, at most b */
    FORM_LOG1P,  /* log(1 + |x|) with the sign of x */
};

struct transform_ops {
    struct data_kind kind;
    enum transform_form form;

    /* What is to be measured, and whether for each feature and not for each channel; NULL = nothing. */
    enum transform_needs (*needs)(const struct data_step *s, bool *features);

    /* Fills a[runs] and b[runs]. Errors: STATUS_CONFIG, the caller names the step. */
    enum status (*fit)(const struct data_step *s, const struct transform_facts *facts, float *a, float *b);
};

/* Returns a kind, NULL after the last one; the order is that of list.h. */
const struct data_kind *transform_kind_at(int index);

/* Returns what a step needs measured, and whether for each feature. */
enum transform_needs transform_find_needs(const struct data_step *s, bool *features);

/* Returns the place in a list of the first step that has numbers for each feature, -1 if there is none. */
int transforms_find_features(const struct data_steps *steps);

/* A step with its numbers: the features of a sample are `runs` equal runs, channels or single features. */
struct transform {
    const struct transform_ops *ops;
    int64_t runs;
    float *a, *b;
};

struct transforms {
    int count;
    struct transform of[DATA_STEPS_MAX];
};

/* Measures a training set. `missing` stands for NaN in the channels of its features, NULL = there is none. Collective, the same status on all ranks. Errors: STATUS_CONFIG, naming the step. */
enum status transforms_init(struct transforms *t, struct comm *comm, const struct dataset *d,
                            const struct data_steps *steps, const float *missing);
void transforms_free(struct transforms *t);

/* Appends a step whose numbers the caller fills in; local. */
enum status transforms_add(struct transforms *t, const struct data_kind *kind, int64_t runs);

/* Returns whether all its numbers are finite. */
bool transform_is_finite(const struct transform *t);

/* Applies all steps to samples side by side, x [features][stride], of which the first `live` of `lanes` (a multiple of
 * 16) hold one; the others are zero afterwards. Local. */
void transforms_apply(const struct transforms *t, const struct kernels *k, int64_t features, int64_t live,
                      int64_t lanes, int64_t stride, float *x);

/* STATUS_DATA if samples of that many features do not divide into the runs of a step. Local. */
enum status transforms_check(const struct transforms *t, int64_t features);

#endif
