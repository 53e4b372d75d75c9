/* augment.h - random changes of samples in training.
 *
 * What a sample gets is a pure function of (seed, epoch, place in the list, key of the sample), so it looks
 * the same at any number of ranks, beside any other samples, and after resuming. The key is the sample's
 * number in the set, or its position in the epoch where samples are drawn with replacement. Step `s` of the
 * list draws the words rng_words(seed, RNG_AUGMENT, epoch << 40 | s << 32 | draw, key), draw = 0, 1, ...
 *
 * Steps that move positions are done on the rows of a set, right before they are gathered, up to 16 samples at a
 * time: the moves are composed to one table for each axis (geometry.h), and a sample is copied once. Labels
 * and weights for each position move alike. Steps that change values follow, on the input of the model,
 * where up to 16 samples lie side by side. */
#ifndef DATA_AUGMENT_AUGMENT_H
#define DATA_AUGMENT_AUGMENT_H

#include "core/rng.h"
#include "data/augment/geometry.h"
#include "data/dataset/dataset.h"
#include "data/step.h"
#include "math/pad.h"

#define AUGMENT_ROWS 16 /* samples that are copied at a time, at most */

struct augment_view;
struct augment_mix;
struct augment_ops {
    struct data_kind kind;
    int fill_slot; /* of the argument that says what positions outside hold; 0 = it has none */

    /* Fails if samples of this shape cannot be changed so; the caller names the step. NULL = all can be. Errors:
     * STATUS_CONFIG. */
    enum status (*check)(const struct data_step *s, struct shape in);

    /* Finds the shape of samples afterwards, which evaluation takes from their middle; NULL = the same. Errors: as
     * check. */
    enum status (*cut)(const struct data_step *s, struct shape in, struct shape *out);

    /* Moves the positions of a sample; `step` is its place in the list. */
    void (*move)(const struct data_step *s, struct rng_words words, int step, struct geometry *g);

    /* Or changes the values of up to 16 samples as the model gets them; `spreads`: beyond their range. */
    void (*change)(const struct data_step *s, const struct augment_view *v);
    bool spreads;

    /* Or mixes the samples of a virtual rank with each other, and their targets: where these are for each position, a
     * kind that is not `blends` takes them from one sample or the other, as they are. */
    void (*mix)(const struct data_step *s, const struct augment_mix *m);
    bool blends;
};

/* Samples side by side: feature f of sample i is x[f * stride + i]. Lanes that hold no sample are zero and stay so. */
struct augment_view {
    const struct kernels *kernels;
    uint64_t seed;
    int64_t epoch;
    int step;
    const int64_t *keys; /* [live] */
    int64_t live, lanes; /* at most 16: samples, and places for them */
    struct shape shape;
    float *x; /* [F][stride] */
    int64_t stride;
};

/* The samples of a virtual rank, and what belongs to them, side by side in rows of this stride. */
struct augment_rows {
    float *x;        /* [F] rows */
    float *targets;  /* [K][P]; NULL: they are x, or classes stay what they are */
    int32_t *labels; /* [P], of such classes for each position; else NULL */
    float *weights;  /* [P], where they are for each position; else NULL */
    int64_t stride;
};

/* One step on them: the first `live` of `lanes` hold a sample. `share` is what a sample keeps of itself. */
struct augment_mix {
    const struct kernels *kernels;
    uint64_t seed;
    int64_t epoch;
    int step;
    const int64_t *keys; /* [live] */
    int64_t live, lanes;
    struct shape shape;
    struct augment_rows rows;
    int64_t width, positions; /* K and P of targets */
    float *share, *other;     /* [lanes] */
    int32_t *box;             /* [6][lanes] */
};

/* Returns a kind, NULL after the last one; the order is that of list.h. */
const struct data_kind *augment_kind_at(int index);

/* What augmentation has to know of a training set. */
struct augment_spec {
    const struct kernels *kernels;
    const struct data_steps *steps; /* must outlive it */
    uint64_t seed;
    bool still;          /* for evaluation: parts are taken from the middle, nothing else is done */
    struct shape stored; /* of its samples */
    struct shape input;  /* as the model gets them, after transforms */
    enum feature_type type;
    enum target_kind kind;
    int64_t width;                 /* dataset_width */
    int64_t positions;             /* of the labels, as stored; 1 also where targets are the features */
    int64_t loss_positions;        /* of the labels as the loss gets them */
    int64_t weight_width;          /* 0 = no weights */
    bool cut_labels;               /* transforms leave a part of the positions, and labels follow: */
    int64_t cut_first[SHAPE_AXES]; /* the first ones, of the shape of the model's input */
    int64_t lanes;                 /* of a virtual rank, at most */
    int64_t outputs; /* K of the loss: classes become as many probabilities where samples are mixed */
    int64_t ignored; /* label of positions outside; LOSS_IGNORES_NONE = 0 */
};

struct augment {
    struct augment_spec spec;
    struct geometry geometry;
    struct shape moved; /* of samples whose positions have moved */
    int64_t positions;  /* of labels then */
    bool moves;         /* features move; else only labels are cut */
    bool blends;        /* augment_blends */
    uint8_t fill_bytes[DATA_STEPS_MAX];
    uint32_t fill_words[DATA_STEPS_MAX], fill_labels[DATA_STEPS_MAX], fill_zeros[DATA_STEPS_MAX];
    char *features;    /* [rows][moved], rows as many as are copied at a time */
    uint32_t *labels;  /* [rows][P] or [rows][K][P], P those that stay */
    uint32_t *weights; /* [rows][P] */
    float *share, *other;
    int32_t *box; /* of augment_mix */
};

/* Checks the list against the set, and allocates. On failure nothing is left to release. Errors: STATUS_CONFIG, naming
 * the step. */
enum status augment_init(struct augment *a, const struct augment_spec *spec);
void augment_free(struct augment *a);

/* Returns the first kind of a list that moves positions, NULL if there is none. */
const struct data_kind *augment_find_move(const struct data_steps *steps);

/* Returns the first kind of a list that makes values that are not within low .. high of those that are, in units of the
 * file; NULL if there is none. */
const struct data_kind *augment_find_spread(const struct data_steps *steps, double low, double high);

/* Finds the shape of changed samples, before transforms. Errors: STATUS_CONFIG, naming the step. */
enum status augment_find_shape(const struct data_steps *steps, struct shape in, struct shape *out);

/* Finds the first of the positions that evaluation takes of each axis. The list fits the shape. */
void augment_find_middle(const struct data_steps *steps, struct shape in, int64_t first[SHAPE_AXES]);

/* Makes changed copies of up to 16 samples (and lanes), and lets `rows` point to them, until the next call. Labels, targets and
 * weights are those for each position. An array that is NULL is not wanted. Allocates nothing. */
void augment_move(struct augment *a, int64_t epoch, const int64_t *keys, int64_t count,
                  const struct dataset_rows *rows);

/* Changes the values of up to 16 samples, the first `live` of the first `lanes` of x [F][stride]; others are zero and
 * stay so. Allocates nothing. */
void augment_change(const struct augment *a, int64_t epoch, const int64_t *keys, int64_t live, int64_t lanes,
                    float *x, int64_t stride);

/* Whether a list mixes samples; and whether classes become probabilities by that, for labels with that number of
 * positions. Mixes those of a virtual rank. */
bool augment_mixes(const struct data_steps *steps);
bool augment_blends(const struct data_steps *steps, int64_t positions);
void augment_mix(const struct augment *a, int64_t epoch, const int64_t *keys, int64_t live,
                 const struct augment_rows *rows);

/* For kinds. */

/* Names of the axes: "dhw". */
extern const char augment_axis_names[];

/* Names of enum pad_mode (math/pad.h): how an axis goes on outside. */
extern const char *const augment_pad_modes[];

/* pad.c: moves along each axis by up to the first argument to either side, and keeps a part of this shape;
 * sign -1 turns the direction around. The arguments of such a kind begin with a distance for each axis, a
 * mode and a fill. */
enum { BEYOND_MODE = ARG_AXES, BEYOND_FILL };
enum status augment_check_beyond(const struct data_step *s, struct shape in, bool may_be_none);
void augment_move_beyond(const struct data_step *s, struct rng_words w, int sign, int step,
                         struct shape result, struct geometry *g);

/* The counter of draw `draw` of a step. */
static inline uint64_t augment_counter(int64_t epoch, int step, uint32_t draw)
{
    return (uint64_t)epoch << 40 | (uint64_t)step << 32 | draw;
}

/* values.c: words of a lane; a number for each lane: with probability p (word 0 of draw 0) middle + range * (2 u - 1)
 * for u of word 1, else the middle. */
struct augment_lanes {
    float of[AUGMENT_ROWS] __attribute__((aligned(64)));
    bool changed[AUGMENT_ROWS];
};
struct rng_words augment_draw(const struct augment_view *v, int64_t lane, uint32_t draw);
struct augment_lanes augment_draw_lanes(const struct augment_view *v, double p, double middle, double range);

/* values.c: x = x * factor + add in `count` channels from `channel` on; NULL = 1, 0. The means of one channel. */
void augment_multiply(const struct augment_view *v, int64_t channel, int64_t count,
                      const struct augment_lanes *factor, const struct augment_lanes *add);
void augment_find_means(const struct augment_view *v, int64_t channel, struct augment_lanes *means);

/* values.c: a box of that size around a random place, within the sample. */
struct augment_box {
    int64_t first[SHAPE_AXES], end[SHAPE_AXES];
};
struct augment_box augment_place_box(struct shape shape, const double *size, struct rng_words w);

/* mix.c: words of a lane; a share of the distribution Beta(alpha, alpha), from the draws 1, 2, ...; rows of x
 * mixed by m->share; words of `channels` channels of all positions within the boxes replaced. */
struct rng_words augment_mix_draw(const struct augment_mix *m, int64_t lane, uint32_t draw);
double augment_draw_beta(const struct augment_mix *m, int64_t lane, double alpha);
void augment_blend(const struct augment_mix *m, int64_t rows, float *x);
void augment_paste(const struct augment_mix *m, int64_t channels, void *rows);

/* A number of 0 .. count-1. */
static inline int64_t augment_draw_integer(uint32_t word, int64_t count)
{
    return (int64_t)((uint64_t)word * (uint64_t)count >> 32);
}

/* clang-format off */
#define AUGMENT_P(text, value) {.name = "p", .kind = ARG_REAL, .default_value = value, .max = 1, .help = text}
#define AUGMENT_RANGE(text, largest)                                                                                   \
    {.name = "range", .kind = ARG_REAL, .default_value = ARG_REQUIRED, .max = largest, .help = text}
#define AUGMENT_FILL                                                                                                   \
    {.name = "fill", .kind = ARG_REAL, .min = -1e30, .max = 1e30,                                                      \
     .help = "value of positions outside, in the units of the file; their labels are 0, or the loss's ignored class"}
#define AUGMENT_ALPHA                                                                                                  \
    {.name = "alpha", .kind = ARG_REAL, .default_value = 1, .min = 0.05, .max = 4,                                     \
     .help = "s is drawn from Beta(alpha, alpha)"}
/* clang-format on */

#endif
