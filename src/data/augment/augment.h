/* augment.h - random changes of samples in training.
 *
 * What a sample gets is a pure function of (seed, epoch, place in the list, key of the sample), so it looks the same at
 * any number of ranks, beside any other samples, and after resuming. The key is the sample's number in the set. Step
 * `s` of the list draws the words rng_words(seed, RNG_AUGMENT, epoch << 40 | s << 32 | draw, key), draw = 0, 1, ...
 *
 * Steps that move positions are done on the rows of a set, right before they are gathered, 16 samples at a time: the
 * moves are composed to one table for each axis (geometry.h), and a sample is copied once. Labels and weights for each
 * position move alike. */
#ifndef DATA_AUGMENT_AUGMENT_H
#define DATA_AUGMENT_AUGMENT_H

#include "core/rng.h"
#include "data/augment/geometry.h"
#include "data/dataset/dataset.h"
#include "data/step.h"
#include "math/pad.h"

#define AUGMENT_ROWS 16 /* samples that are copied at a time */

struct augment_ops {
    struct data_kind kind;
    int fill_slot; /* of the argument that says what positions outside hold; 0 = it has none */

    /* Fails if samples of this shape cannot be changed so; the caller names the step. Errors: STATUS_CONFIG. */
    enum status (*check)(const struct data_step *s, struct shape in);

    /* Moves the positions of a sample; `step` is its place in the list. */
    void (*move)(const struct data_step *s, struct rng_words words, int step, struct geometry *g);
};

/* Returns a kind, NULL after the last one; the order is that of list.h. */
const struct data_kind *augment_kind_at(int index);

/* What augmentation has to know of a training set. */
struct augment_spec {
    const struct kernels *kernels;
    const struct data_steps *steps; /* must outlive it */
    uint64_t seed;
    struct shape shape; /* of its samples */
    enum feature_type type;
    enum target_kind kind;
    int64_t width;        /* dataset_width */
    int64_t positions;    /* of the labels */
    int64_t weight_width; /* 0 = no weights */
    int64_t ignored;      /* label of positions outside; LOSS_IGNORES_NONE = 0 */
};

struct augment {
    struct augment_spec spec;
    struct geometry geometry;
    uint8_t fill_bytes[DATA_STEPS_MAX];
    uint32_t fill_words[DATA_STEPS_MAX], fill_labels[DATA_STEPS_MAX], fill_zeros[DATA_STEPS_MAX];
    char *features;    /* [16][F] */
    uint32_t *labels;  /* [16][P] or [16][K][P] */
    uint32_t *weights; /* [16][P] */
};

/* Checks the list against the set, and allocates. On failure nothing is left to release. Errors: STATUS_CONFIG, naming
 * the step. */
enum status augment_init(struct augment *a, const struct augment_spec *spec);
void augment_free(struct augment *a);

/* Makes changed copies of up to 16 samples, and lets `rows` point to them, until the next call. Allocates nothing. */
void augment_move(struct augment *a, int64_t epoch, const int64_t *keys, int64_t count,
                  const struct dataset_rows *rows);

/* For kinds. */

/* Names of the axes: "dhw". */
extern const char augment_axis_names[];

/* Names of enum pad_mode (math/pad.h): how an axis goes on outside. */
extern const char *const augment_pad_modes[];

/* The place that position `at` of an axis takes its value from. */
int32_t augment_pad_place(enum pad_mode mode, int64_t at, int64_t length, int step);

/* Fails if an axis of this length cannot go on that far. */
enum status augment_check_padding(enum pad_mode mode, int64_t padding, int64_t length);

/* A number of 0 .. count-1. */
static inline int64_t augment_draw_integer(uint32_t word, int64_t count)
{
    return (int64_t)((uint64_t)word * (uint64_t)count >> 32);
}

/* clang-format off */
#define AUGMENT_P(text, value) {.name = "p", .kind = ARG_REAL, .default_value = value, .max = 1, .help = text}
#define AUGMENT_FILL                                                                                                   \
    {.name = "fill", .kind = ARG_REAL, .min = -1e30, .max = 1e30,                                                      \
     .help = "value of positions outside, in the units of the file; their labels are 0, or the loss's ignored class"}
/* clang-format on */

#endif
