/* transform.h - what all samples go through, in training, evaluation and prediction, on their way into a model.
 *
 * A list of steps. Most work element by element, with numbers for every channel (or feature): from the configuration,
 * or measured in the training set after the steps before. A checkpoint holds these numbers. Others change the shape of
 * samples, which is then not that of the file. */
#ifndef DATA_TRANSFORM_TRANSFORM_H
#define DATA_TRANSFORM_TRANSFORM_H

#include <stdio.h>

#include "comm/comm.h"
#include "data/dataset/dataset.h"
#include "data/step.h"
#include "math/kernels.h"
#include "nn/export/onnx.h"

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

#define TRANSFORM_LANES 16 /* samples that change their shape together, at most */

/* From [in][lanes] to [out][lanes]. */
struct transform_move {
    const struct kernels *kernels;
    struct shape in, out;
    int64_t lanes;
    const float *from;
    float *to;
    void *scratch; /* upsample_scratch_bytes */
};

struct transform_ops {
    struct data_kind kind;
    enum transform_form form;

    /* What is to be measured, and whether for each feature and not for each channel; NULL = nothing. */
    enum transform_needs (*needs)(const struct data_step *s, bool *features);

    /* Fills a[runs] and b[runs]. Errors: STATUS_CONFIG, the caller names the step. */
    enum status (*fit)(const struct data_step *s, const struct transform_facts *facts, float *a, float *b);

    /* In place of all that: finds the shape of a sample afterwards (errors: as fit), and makes it. */
    enum status (*reshape)(const struct data_step *s, struct shape in, struct shape *out);
    void (*move)(const struct data_step *s, const struct transform_move *m);
    void (*torch)(const struct data_step *s, struct shape in, struct shape out,
                  FILE *code); /* PyTorch, from x */
    /* Adds it to a graph of ONNX (nn/export/onnx.h), as a layer is. */
    int (*onnx)(const struct data_step *s, struct onnx *g, int x, struct shape in, struct shape out);
    bool cuts; /* the positions that stay are the middle ones (cut.h); labels can follow */
};

/* The argument of kinds that have numbers for channels, or for features. */
enum transform_per { PER_CHANNEL, PER_FEATURE };
extern const char *const transform_pers[];
/* clang-format off */
#define TRANSFORM_PER {.name = "per", .kind = ARG_CHOICE, .choices = transform_pers, .help = "what has numbers of its own"}
/* clang-format on */

/* STATUS_CONFIG unless a list that is `single` has one number, none, or one for each run. */
enum status transform_check_list(const struct data_step *s, int index, int64_t runs);

/* Returns a kind, NULL after the last one; the order is that of list.h. */
const struct data_kind *transform_kind_at(int index);

/* Returns what a step needs measured, and whether for each feature. */
enum transform_needs transform_find_needs(const struct data_step *s, bool *features);

/* Returns the place in a list of the first step that has numbers for each feature, -1 if there is none. */
int transforms_find_features(const struct data_steps *steps);

/* Whether a step changes the shape of samples; whether a list has such steps. */
bool transform_changes_shape(const struct data_step *s);
bool transforms_change_shape(const struct data_steps *steps);

/* Finds what becomes of samples of a shape. Errors: STATUS_CONFIG, naming the step. Local. */
enum status transforms_find_shape(const struct data_steps *steps, struct shape in, struct shape *out);

/* Finds the first of the positions that the steps leave of each axis; false where they are no part of the sample's,
 * as after resize. The list fits the shape. Local. */
bool transforms_find_cut(const struct data_steps *steps, struct shape in, int64_t first[SHAPE_AXES]);

/* A step with its numbers: the features of a sample are `runs` equal runs, channels or single features; 0 = it changes
 * the shape. */
struct transform {
    const struct transform_ops *ops;
    const struct data_step *step;
    struct shape in, out;
    int64_t runs;
    float *a, *b;
};

struct transforms {
    int count;
    struct transform of[DATA_STEPS_MAX];
};

/* Measures a training set, whole samples. The list has to outlive it; `missing` stands for NaN in the
 * channels of stored features, NULL = there is none. Collective, the same status on all ranks. Errors:
 * STATUS_CONFIG, naming the step. */
enum status transforms_init(struct transforms *t, struct comm *comm, const struct dataset *d,
                            const struct data_steps *steps, const float *missing);
void transforms_free(struct transforms *t);

/* Appends a step for samples of this shape, whose numbers, if it has any, the caller fills in; local. */
enum status transforms_add(struct transforms *t, const struct data_step *step, struct shape in, int64_t runs);

/* Prepares the steps for samples of another shape, as augmentation leaves them. Errors: as transforms_find_shape. */
enum status transforms_set_shape(struct transforms *t, struct shape in);

/* Returns whether all its numbers are finite. */
bool transform_is_finite(const struct transform *t);

/* Whether samples change their shape. Floats of the room that it takes for virtual ranks of up to `lanes` lanes; 0 = they
 * do not. */
bool transforms_reshape(const struct transforms *t);
int64_t transforms_room(const struct transforms *t, int64_t lanes);

/* Apply one step, and all steps, that keep the shape to samples side by side, x [features][stride]. The first `live` of
 * `lanes` hold one; the others are zero after all steps. Local. */
void transform_apply(const struct transform *t, const struct kernels *k, int64_t lanes, int64_t stride,
                     float *x);
void transforms_apply(const struct transforms *t, const struct kernels *k, int64_t live, int64_t lanes,
                      int64_t stride, float *x);

/* Applies any steps to up to 16 samples, the first [features][lanes] of the room, -> x [features][stride]. The first
 * `live` of the lanes hold one; the others are zero afterwards. Local. */
void transforms_move(const struct transforms *t, const struct kernels *k, int64_t live, int64_t lanes,
                     float *room, int64_t stride, float *x);

/* STATUS_DATA if the features of samples do not divide into the runs of a step. Local. */
enum status transforms_check(const struct transforms *t);

#endif
