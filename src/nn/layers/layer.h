/* layer.h - what a kind of layer is, and one layer of a built model.
 *
 * A kind is a constant struct layer_ops in a file <name>.c below src/nn/layers, listed in src/nn/layers/list.h: one file and
 * one line add a kind, and configuration, help, gradient check and rank sweep pick it up from there.
 * A layer owns nothing: its parameters are ranges of the model's flat vector, its saved state a range of
 * the workspace. All functions are local (no communication). */
#ifndef NN_LAYERS_LAYER_H
#define NN_LAYERS_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arg.h"
#include "math/shape.h"
#include "core/status.h"
#include "nn/range.h"

/* One parameter tensor in PyTorch's shape and order. */
struct tensor {
    const char *name; /* "weight", "bias" */
    int64_t dims[4];
    int rank;         /* number of dims used */
    int64_t offset;   /* in floats, in the flat parameter vector; a multiple of 16 */
    float init_bound; /* initial values are uniform in [-bound, bound) */
};

int64_t tensor_count(const struct tensor *t);

/* What a pass tells its caller between layers, for ranges of the parameter vector. */
struct pass_hooks {
    /* Backward has written the gradients there and reads the parameters no more. */
    void (*grads_ready)(void *self, int64_t first, int64_t count);
    void *self;
};

/* One pass over the lanes of one or more virtual ranks ("leaves" of the gradient tree), side by side: leaf i has
 * lanes [i, i+1) * lanes / leaves, of which the first hold its samples and the rest zeros. Every leaf gets the bits
 * it would get in a pass of its own. */
struct pass {
    const float *params; /* flat vector of the model */
    /* Same layout, overwritten (not accumulated) by backward with the sum over the leaves, which are added as a balanced
     * binary tree; NULL in forward. */
    float *grads;
    uint64_t seed;
    uint64_t step;        /* global step, keys the random streams */
    int64_t first_sample; /* position in the global batch of lane 0, keys the random streams */
    int64_t slice;        /* positions from the first sample of one leaf to that of the next */
    int64_t lanes;        /* N, of all leaves */
    int64_t leaves;       /* a power of two */
    bool training;        /* false: dropout is the identity */
    const struct layer *
        *bad; /* set by backward if NULL so far: the first layer with a bad gradient (health.h); or NULL */
    const struct pass_hooks *hooks; /* or NULL */
};

struct layer;

struct layer_ops {
    const char *name;
    const char *help;
    const struct arg *args; /* the first is the one a scalar in the configuration sets */

    /* In: l->in, l->args, l->lanes. Sets l->out, l->tensors, l->tensor_count, l->saved_bytes and
     * l->scratch_bytes. Errors: STATUS_CONFIG when shape and arguments do not fit. */
    enum status (*plan)(struct layer *l);

    /* x [in][N] -> y [out][N]. */
    void (*forward)(const struct layer *l, const struct pass *p, const float *x, float *y);

    /* dy [out][N] -> dx [in][N] and p->grads. dx is NULL when nobody needs it. May destroy dy.
     * x and y are valid only if keeps_input / keeps_output says so. */
    void (*backward)(const struct layer *l, const struct pass *p, const float *x, const float *y, float *dy,
                     float *dx);

    bool keeps_input;   /* backward reads x */
    bool keeps_output;  /* backward reads y */
    bool in_place;      /* forward works with y == x, and backward with dx == dy */
    bool is_max;        /* every output is the maximum of some inputs */
    bool is_relu;       /* max(x, 0) and nothing else */
    bool fuses_relu;    /* honours relu_in and relu_out */
    unsigned ranges;    /* what its outputs can be (set of RANGE_BIT), for losses that need it */
    bool sums_products; /* every gradient is a sum over lanes of one x times one dy, or of one dy */
};

#define LAYER_TENSORS 2

/* Linear layers with more lanes in a pass go through OpenBLAS, whose bits depend on the processor. */
#define LAYER_WIDE_LANES 256

struct layer {
    const struct layer_ops *ops;
    double args[ARG_MAX];
    int index; /* in the model, from 0 */
    struct shape in, out;
    int64_t lanes, leaves;
    struct tensor tensors[LAYER_TENSORS];
    int tensor_count;
    size_t saved_bytes;   /* what forward leaves for backward */
    size_t scratch_bytes; /* what one call needs, shared by all layers */
    void *saved;
    void *scratch;
    bool relu_out; /* forward applies ReLU to y as well */
    bool relu_in;  /* x is the output of such a layer: backward masks dx with it */
};

/* The table of all kinds, ended by NULL, and a kind by name (NULL if there is none). */
const struct layer_ops *const *layer_registry(void);
const struct layer_ops *layer_find(const char *name);

#endif
