/* kernels.h - the vector kernels, compiled once per instruction-set level and chosen at start.
 *
 * Activations are [C][D][H][W][N] (see shape.h). A pass is one of two kinds:
 *   - padded: lanes / leaves is a multiple of 16. `live` says how many lanes of each leaf hold samples.
 *   - dense: one leaf, any other number of lanes, all of which hold samples. A channel is one run of positions x lanes
 *     floats, and vectors go along it: rows have no alignment, and ends of runs are masked. (An empty slice is one lane
 *     of zeros with live[0] == 0.)
 * Outputs and data gradients of a sample have the same bits in any pass of a run whose slices are no multiple of 16
 * samples, also in one that has 16 of them and so is of the padded kind (struct window, any_lanes). Buffers start at multiples of 64 bytes;
 * nothing behind their last element is touched. Whatever the width of the machine's vectors, sums over lanes go through
 * 16 accumulators that are added in one fixed order, so levels with fused multiply-add (v3 and up) give the same bits.
 * Local functions. */
#ifndef MATH_KERNELS_H
#define MATH_KERNELS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"
#include "math/pad.h"
#include "math/pool.h"
#include "math/upsample.h"
#include "math/window.h"

/* Where a ReLU may be applied with something else, a number says which: its upper limit, as 6 of ReLU6. 0 is none, and
 * RELU_UNLIMITED, which no number reaches, the ordinary ReLU. */
#define RELU_UNLIMITED NAN

/* What a convolution does with its sums as it stores them. */
struct finish {
    const float *bias; /* [channels] of the result: added; or NULL */
    float relu;        /* as relu_forward with this limit; 0: no ReLU */
    const float *mask; /* laid out as the result: as relu_backward with these as y; or NULL */
    float mask_limit;  /* of the ReLU whose output the mask is */
};

/* A linear layer: Y [out][N] = W [out][in] X [in][N] + b. */
struct linear {
    int64_t in, out;
    int64_t lanes, leaves; /* as of a window */
};

/* One call of dropout. */
struct dropout_draw {
    uint64_t seed;
    uint64_t step;
    uint32_t layer;               /* below 2^16 */
    const int64_t *first_samples; /* [leaves]: positions in the global batch, below 2^32 */
    int64_t features, lanes, leaves;
    int64_t together; /* elements of a feature, which are dropped or kept together: channels, or all */
    float p;          /* probability to drop, 0 <= p < 1 */
};

/* Normal noise for up to 16 samples side by side, from the words rng_words(seed, RNG_AUGMENT, a + feature / 4, key). */
struct noise {
    uint64_t seed, a;
    const int64_t *keys; /* [lanes] */
    const float *std;    /* [lanes], aligned to 64 bytes; 0 = the sample stays */
    int64_t features, stride, lanes;
};

/* Softmax cross entropy with any targets: class k of a sample counts factor * weight[k] * (keep * target +
 * even), where target is 1 for the label and 0 elsewhere, or targets[k]. */
struct softmax_target {
    const float *logits;            /* [K][stride] */
    int64_t classes;                /* K */
    int64_t stride, lanes, live;    /* as of a gather */
    const int32_t *labels;          /* [live] */
    int64_t ignored;                /* samples of this label count nothing */
    const float *targets;           /* [K][stride], or NULL: labels */
    const float *weights, *factors; /* of classes [K] and of samples [live]; NULL: all 1 */
    float keep, even;
    int64_t positions, row; /* of softmax_positions: P, and elements from one position to the next */
    int64_t factor_row; /* likewise: `row` if each position has its own factors; 0 = all have the sample's */
};

/* What softmax_positions counts of one virtual rank. */
struct softmax_counts {
    double
        factors; /* sum of the factors of positions with a label, times its class weight where labels have one */
    int64_t valid, correct;
};

/* A loss that is a sum over outputs, each with its own target, times factor * weight[k]. */
enum loss_terms_form {
    TERMS_BCE_LOGITS, /* -pos_weight t log sigmoid(x) - (1 - t) log(1 - sigmoid(x)) */
    TERMS_BCE,        /* -t log x - (1 - t) log(1 - x), logarithms not below -100; NaN for x outside [0, 1] */
    TERMS_KL,         /* t (log t - x), 0 for t = 0 */
    TERMS_KL_LOG,     /* exp(t) (t - x) */
    TERMS_POISSON,    /* x - t log(x + eps) */
    TERMS_POISSON_LOG, /* exp(x) - t x */
    TERMS_FOCAL /* a (1 - p)^gamma -log p, p the probability of the true state; a: alpha if on, 1 - alpha if off */
};
struct loss_terms {
    enum loss_terms_form form;
    const float *x, *targets;    /* [K][stride] */
    int64_t outputs;             /* K */
    int64_t stride, lanes, live; /* as of a gather */
    int64_t positions;           /* P: x and targets are [K][P][row]; 0 = 1 */
    int64_t row;                 /* elements from one position to the next */
    int64_t factor_row;          /* `row` if each position has its own factors; 0 = all have the sample's */
    const float *weights, *factors; /* of outputs [K] and of samples [live]; NULL: all 1 */
    const float *pos_weights;       /* [K], or NULL: all 1 */
    float eps;
    float gamma, alpha; /* focal; alpha < 0: a = 1 */
    bool stirling;      /* Poisson: where t > 1, the approximation of log t! is added */
};

/* Probabilities of classes, softmax over K at each position, or of labels, each with its sigmoid. */
struct loss_shares {
    const float *x;          /* [K][P] rows of lanes */
    int64_t classes, stride; /* K; floats from one class to the next */
    int64_t positions, row;  /* P; floats from one position to the next */
    int64_t lanes;
    bool softmax;
};

/* One batch assembly. */
struct gather {
    int64_t channels, per_channel;
    int64_t lanes, live;        /* of one virtual rank, or of a part of it */
    int64_t ahead;              /* rows behind the live ones that will be gathered next: fetched meanwhile */
    int64_t stride;             /* floats from one feature to the next: lanes of the pass */
    const float *scale, *shift; /* [channels] */
};

/* x [rows][positions][lanes], of which every row has parameters of its own. */
struct rows {
    int64_t rows, positions;
    int64_t lanes, leaves; /* as of a window */
};

/* An activation of torch.nn, with its arguments. */
enum activation_kind {
    /* the slope follows from the output */
    ACTIVATION_SIGMOID,
    ACTIVATION_TANH,
    ACTIVATION_LEAKY_RELU, /* a: negative_slope >= 0 */
    ACTIVATION_ELU,        /* a: alpha >= 0 */
    ACTIVATION_SELU,
    ACTIVATION_CELU,  /* a: alpha > 0 */
    ACTIVATION_CLAMP, /* a: smallest output, b: largest */
    ACTIVATION_HARDSIGMOID,
    ACTIVATION_SCALE, /* a: the slope */
    /* the slope follows from the input */
    ACTIVATION_GELU,
    ACTIVATION_GELU_TANH,
    ACTIVATION_SILU,
    ACTIVATION_SOFTPLUS, /* a: beta > 0, b: threshold */
    ACTIVATION_MISH,
    ACTIVATION_SOFTSIGN,
    ACTIVATION_LOGSIGMOID,
    ACTIVATION_HARDSWISH,
    ACTIVATION_THRESHOLD, /* a: threshold, b: value */
};

struct activation {
    enum activation_kind kind;
    float a, b;
};

/* An activation [channels][positions][lanes] that is normalised channel by channel, over the positions and
 * live lanes of each leaf. */
struct channel_norm {
    int64_t channels, positions;
    int64_t lanes, leaves; /* as of a window */
    const int64_t *live;   /* [leaves]; NULL: all lanes */
    float relu;            /* the limit of a ReLU that is applied to the result; 0: none */
    float masks;           /* the same of one whose output x is, and whose gradient that of dx is */
};

/* What a channel goes through: (x - mean) * scale + shift. */
struct channel_map {
    float mean, scale, shift;
};

/* Samples that are normalised one by one: matrices [rows][columns], each of whose columns, a lane at a
 * position, becomes (x - mean) / sqrt(variance + eps) * weight[row / rows_per_weight] + bias[likewise]. */
struct sample_norm {
    int64_t count, stride, weight_step; /* matrices; floats, and weights from one to the next */
    int64_t rows, row_stride;
    int64_t columns; /* positions x lanes */
    int64_t lanes, leaves;
    int64_t rows_per_weight;
    float eps;
    bool centred;               /* false: the mean counts as 0, and the variance is the mean square */
    const float *weight, *bias; /* NULL: 1, 0 */
};

/* Doubles of scratch that the kernels need for matrices of up to `columns` + 16 columns. */
#define SAMPLE_NORM_SCRATCH(columns) (5 * (columns) + 256)

/* The gradient of its input: dy * of_dy + (x - mean) * of_x + constant. */
struct channel_slope {
    float of_dy, of_x, constant;
};

/* Those levels that the build has (DDP_LEVELS of CMake), lowest first: X(level, ...) for each, with the further
 * arguments given. */
#ifdef DDP_LEVEL_v2
#define KERNELS_IF_V2(X, ...) X(v2, __VA_ARGS__)
#else
#define KERNELS_IF_V2(X, ...)
#endif
#ifdef DDP_LEVEL_v3
#define KERNELS_IF_V3(X, ...) X(v3, __VA_ARGS__)
#else
#define KERNELS_IF_V3(X, ...)
#endif
#ifdef DDP_LEVEL_v4
#define KERNELS_IF_V4(X, ...) X(v4, __VA_ARGS__)
#else
#define KERNELS_IF_V4(X, ...)
#endif
#ifdef DDP_LEVEL_base
#define KERNELS_EACH_LEVEL(X, ...) X(base, __VA_ARGS__)
#else
#define KERNELS_EACH_LEVEL(X, ...)                                                                           \
    KERNELS_IF_V2(X, __VA_ARGS__) KERNELS_IF_V3(X, __VA_ARGS__) KERNELS_IF_V4(X, __VA_ARGS__)
#endif

/* KERNELS_v2 ... are their numbers. */
#define KERNELS_NUMBER(level, prefix) prefix##level,
enum kernels_level { KERNELS_EACH_LEVEL(KERNELS_NUMBER, KERNELS_) KERNELS_LEVELS };

struct kernels {
    const char *level;         /* "v2", "v3", "v4": x86-64 levels; "base" elsewhere */
    enum kernels_level number; /* index of the versions of a loop (loop.h) */
    enum products products;    /* what layers ask for (run.products) */
#define KERNEL(type, name, parameters) type(*name) parameters;
#include "math/kernel_list.h"
#undef KERNEL
};

/* "auto" takes the best level the CPU has. Errors: STATUS_CONFIG for a level that is unknown or not there. */
enum status kernels_select(const struct kernels **out, const char *level);

/* Returns the same level for layers that are to take other products. */
const struct kernels *kernels_with_products(const struct kernels *k, enum products products);

/* Whether a level has products of bfloat16, and whether the CPU has the instruction that makes them fast. */
bool kernels_have_bf16(const struct kernels *k);
bool kernels_hasten_bf16(const struct kernels *k);

/* Selects what a run computes with. Errors: those of kernels_select; STATUS_CONFIG for products that the level does
 * not have. */
enum status kernels_start(const struct kernels **out, const char *level, enum products products);

#endif
