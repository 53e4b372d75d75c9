/* kernels.h - the vector kernels, compiled once per instruction-set level and chosen at start.
 *
 * Activations are [C][H][W][N] with N a multiple of 16 and 64-byte alignment (see shape.h). Whatever the
 * width of the machine's vectors, sums over lanes go through 16 accumulators that are added in one fixed
 * order, so levels with fused multiply-add (v3 and up) give the same bits. Local functions. */
#ifndef MATH_KERNELS_H
#define MATH_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#include "math/shape.h"
#include "core/status.h"

/* A convolution (cross-correlation, as torch.nn.Conv2d) or the window of a pooling. */
struct window {
    struct shape in, out;
    int64_t kernel, stride, padding; /* square */
    int64_t lanes, leaves; /* of all virtual ranks of the pass side by side, and how many these are */
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
    uint32_t layer;               /* below 256 */
    const int64_t *first_samples; /* [leaves]: position in the global batch of each leaf's first sample, below 2^32 */
    int64_t features, lanes, leaves;
    float p; /* probability to drop, 0 <= p < 1 */
};

/* Softmax cross entropy with any targets: class k of a sample counts factor * weight[k] * (keep * target + even), where
 * target is 1 for the label and 0 elsewhere, or targets[k]. */
struct softmax_target {
    const float *logits;            /* [K][stride] */
    int64_t classes;                /* K */
    int64_t stride, lanes, live;    /* as of a gather */
    const int32_t *labels;          /* [live] */
    int64_t ignored;                /* samples of this label count nothing */
    const float *targets;           /* [K][stride], or NULL: labels */
    const float *weights, *factors; /* of classes [K] and of samples [live]; NULL: all 1 */
    float keep, even;
};

/* A loss that is a sum over outputs, each with its own target, times factor * weight[k]. */
enum loss_terms_form {
    TERMS_BCE_LOGITS, /* -pos_weight t log sigmoid(x) - (1 - t) log(1 - sigmoid(x)) */
    TERMS_BCE,        /* -t log x - (1 - t) log(1 - x), logarithms not below -100; NaN for x outside [0, 1] */
    TERMS_KL,         /* t (log t - x), 0 for t = 0 */
    TERMS_KL_LOG,     /* exp(t) (t - x) */
    TERMS_POISSON,    /* x - t log(x + eps) */
    TERMS_POISSON_LOG /* exp(x) - t x */
};
struct loss_terms {
    enum loss_terms_form form;
    const float *x, *targets;       /* [K][stride] */
    int64_t outputs;                /* K */
    int64_t stride, lanes, live;    /* as of a gather */
    const float *weights, *factors; /* of outputs [K] and of samples [live]; NULL: all 1 */
    const float *pos_weights;       /* [K], or NULL: all 1 */
    float eps;
    bool stirling; /* Poisson: where t > 1, the approximation of log t! is added */
};

/* One batch assembly. */
struct gather {
    int64_t channels, per_channel;
    int64_t lanes, live;        /* of one virtual rank */
    int64_t ahead;              /* rows behind the live ones that will be gathered next: fetched meanwhile */
    int64_t stride;             /* floats from one feature to the next: lanes of the pass */
    const float *scale, *shift; /* [channels] */
};

/* An activation of torch.nn, with its arguments. */
enum activation_kind {
    ACTIVATION_SIGMOID,
    ACTIVATION_TANH,
    ACTIVATION_LEAKY_RELU, /* a: negative_slope >= 0 */
    ACTIVATION_ELU,        /* a: alpha >= 0 */
    ACTIVATION_GELU,
    ACTIVATION_GELU_TANH,
    ACTIVATION_SILU,
    ACTIVATION_SOFTPLUS, /* a: beta > 0, b: threshold */
};

struct activation {
    enum activation_kind kind;
    float a, b;
};

struct kernels {
    const char *level; /* "v2", "v3", "v4": x86-64 levels; "base" elsewhere */

    /* conv.c: weight [OC][IC][k][k], bias [OC] or NULL. With `relu` the result is that of relu_forward on y; with
     * `mask` [in][N] (else NULL) that of relu_backward on dx, mask in the place of y: a layer that reads the output of a
     * ReLU passes its x. scratch: conv_scratch_floats(). */
    void (*conv_forward)(const struct window *c, const float *weight, const float *bias, bool relu,
                         const float *x, float *y, float *scratch);
    void (*conv_backward_data)(const struct window *c, const float *weight, const float *dy,
                               const float *mask, float *dx, float *scratch);
    void (*conv_backward_weight)(const struct window *c, const float *x, const float *dy, float *dweight,
                                 float *scratch);
    int64_t (*conv_scratch_floats)(const struct window *c);

    /* linear.c: bias [out] or NULL; the weight gradient is the sum over the leaves, added as a balanced binary tree.
     * Any alignment of weight rows. scratch: linear_scratch_floats(), of the weight gradient only. */
    void (*linear_forward)(const struct linear *l, const float *weight, const float *bias, const float *x,
                           float *y);
    void (*linear_backward_data)(const struct linear *l, const float *weight, const float *dy, float *dx);
    void (*linear_backward_weight)(const struct linear *l, const float *x, const float *dy, float *dweight,
                                   float *scratch);
    int64_t (*linear_scratch_floats)(const struct linear *l);

    /* pool.c: arg [C][OH][OW][N] is the position of the maximum in its window. dx is overwritten. */
    void (*maxpool_forward)(const struct window *p, const float *x, float *y, uint8_t *arg);
    void (*maxpool_backward)(const struct window *p, const uint8_t *arg, const float *dy, float *dx);
    void (*avgpool_forward)(const struct window *p, const float *x, float *y);
    void (*avgpool_backward)(const struct window *p, const float *dy, float *dx);

    /* elementwise.c. y may be x, dx may be dy. */
    void (*relu_forward)(int64_t count, const float *x, float *y);
    void (*relu_backward)(int64_t count, const float *y, const float *dy, float *dx);
    bool (*within)(int64_t count, const float *x, float bound); /* all |x| <= bound; false for NaN */
    void (*add)(int64_t count, const float *a, const float *b, float *sum); /* sum may be a or b */

    /* activation.c: count is a multiple of 16. `kept` is y for sigmoid, tanh, leaky_relu and elu, else x. y may be x, dx
     * may be dy. */
    void (*activation_forward)(const struct activation *f, int64_t count, const float *x, float *y);
    void (*activation_backward)(const struct activation *f, int64_t count, const float *kept, const float *dy,
                                float *dx);

    /* activation_softmax.c, over the classes of x [classes][columns]. y may be x, dx may be dy. */
    void (*softmax_forward)(int64_t classes, int64_t columns, const float *x, float *y);
    void (*softmax_backward)(int64_t classes, int64_t columns, const float *y, const float *dy, float *dx);
    void (*log_softmax_forward)(int64_t classes, int64_t columns, const float *x, float *y);
    void (*log_softmax_backward)(int64_t classes, int64_t columns, const float *y, const float *dy,
                                 float *dx);

    /* sum.c: sums[r] over x [rows][runs][lanes], each leaf by itself, then as a balanced binary tree. */
    void (*sum_rows)(int64_t rows, int64_t runs, int64_t lanes, int64_t leaves, const float *x, float *sums);

    /* dropout.c: keeps an element with probability 1-p and scales it by 1/(1-p); `keep` has one bit per
     * element, [features][lanes/16]. The draw is rng_words(seed, RNG_DROPOUT, step << 8 | layer,
     * (feature / 4) << 32 | position of the sample in the global batch).v[feature % 4]. */
    void (*dropout_forward)(const struct dropout_draw *d, const float *x, float *y, uint16_t *keep);
    void (*dropout_backward)(const struct dropout_draw *d, const uint16_t *keep, const float *dy, float *dx);

    /* softmax.c: softmax cross entropy. losses [live]: -log p(label), from float32 exponentials;
     * dlogits [K][N] (p - onehot, zero in dead lanes) and predicted [live] (first maximum) may be NULL. */
    void (*softmax)(const float *logits, int64_t classes, int64_t stride, int64_t lanes, int64_t live,
                    const int32_t *labels, float *dlogits, double *losses, int32_t *predicted);

    /* The same where targets are not just labels, or count differently. losses [live] and dlogits as above, times what the
     * samples count; a NaN in the logits is a NaN of the loss even if the sample counts nothing. */
    void (*softmax_target)(const struct softmax_target *s, float *dlogits, double *losses,
                           int32_t *predicted);

    /* loss.c: losses [live], sums in double of terms in float32; their derivatives dx [K][stride] (zero in dead lanes)
     * may be NULL. */
    void (*loss_terms)(const struct loss_terms *t, float *dx, double *losses);

    /* gather.c: out[f][lane] = rows[lane][f] * scale[c] + shift[c], lanes beyond `live` are zero;
     * f = c * per_channel + i. */
    void (*gather_u8)(const struct gather *g, const uint8_t *const *rows, float *out);
    void (*gather_f32)(const struct gather *g, const float *const *rows, float *out);
};

/* For a plain loop outside this family that is worth wider vectors: compiled for several levels, chosen when
 * the program starts. The file must be compiled without contraction to keep the bits equal. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define KERNELS_CLONED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define KERNELS_CLONED
#endif

/* The chosen kernels; kernels_select must have succeeded. */
extern const struct kernels *kernels;

/* "auto" takes the best level the CPU has. Errors: STATUS_CONFIG for a level that is unknown or not there. */
enum status kernels_select(const char *level);

#endif
