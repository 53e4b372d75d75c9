/* layer.h - what a kind of layer is, and one layer of a built model.
 *
 * A kind is a constant struct layer_ops in a file <name>.c below src/nn/layers, listed in
 * src/nn/layers/list.h: one file and one line add a kind, and configuration, help, gradient check and rank
 * sweep pick it up from there.
 *
 * A model is a graph: a *value* is one activation [C][D][H][W][N], a *node* is a layer, which reads one or
 * more values and writes one. Value 0 is the input of the model; value i + 1 is the output of layer i. A
 * layer's parameters are ranges of the model's flat vector, its saved state a range of the model's arena. All
 * functions are local. */
#ifndef NN_LAYERS_LAYER_H
#define NN_LAYERS_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arg.h"
#include "core/status.h"
#include "math/kernels.h"
#include "math/shape.h"
#include "nn/init/init.h"
#include "nn/output_range.h"

#define TENSOR_RANK 5

/* What a tensor of the flat vector is, which decides how a step changes it. */
enum tensor_role {
    TENSOR_WEIGHT,    /* learned: the optimizer's */
    TENSOR_STATISTIC, /* a moving average over batches: no optimizer, decay, clipping or norm */
};

/* One tensor of a layer in PyTorch's shape and order. */
struct tensor {
    const char *name; /* "weight", "bias" */
    enum tensor_role role;
    int rank; /* number of dims used */
    int64_t dims[TENSOR_RANK];
    int64_t offset;   /* in floats, in the flat parameter vector; a multiple of 16 */
    float init_value; /* initial values are uniform in [value - bound, value + bound) */
    float init_bound;
    struct init init; /* of the user, in place of that, or no ops */
    double momentum;  /* of a statistic: share of the new value; < 0: a plain mean over all steps */
    bool frozen;      /* it keeps its initial value; set by the graph */
};

int64_t tensor_count(const struct tensor *t);

/* How many parameters of the model these are: PyTorch does not count statistics either. */
static inline int64_t tensor_parameters(const struct tensor *t)
{
    return t->role == TENSOR_STATISTIC ? 0 : tensor_count(t);
}

/* What a pass reports to its caller between layers, for ranges of the parameter vector. */
struct pass_hooks {
    /* Backward has written the gradients there and reads the parameters no more. */
    void (*grads_ready)(void *self, int64_t first, int64_t count);
    void *self;
};

/* One pass over the lanes of one or more virtual ranks ("leaves" of the summation tree), side by side: leaf i
 * has lanes [i, i+1) * lanes / leaves, of which the first live[i] hold its samples and the rest zeros. Every
 * leaf gets the bits it would get in a pass of its own. Leaves stand side by side only where each has a multiple of 16
 * lanes; otherwise a pass is one leaf, and its lanes are its samples (kernels.h). */
struct pass {
    const float *params; /* flat vector of the model */
    /* Same layout, overwritten (not accumulated) by backward with the sum over the leaves, which are added as
     * a balanced binary tree; NULL in forward. */
    float *grads;
    uint64_t seed;
    uint64_t step; /* global step, keys the random streams */
    const int64_t
        *first_samples;  /* [leaves]: position in the global batch of a leaf's first sample, keys the random
                                     streams; may be NULL unless `training` */
    const int64_t *live; /* [leaves]: samples of each; NULL: all lanes hold samples */
    int64_t lanes;       /* N, of all leaves */
    int64_t leaves;      /* a power of two */
    bool training;       /* keep what backward needs; false: evaluation, where dropout is the identity */
    /* Set by backward if NULL so far: the first layer with a bad gradient (health.h). May be NULL. */
    const struct layer **bad;
    const struct pass_hooks *hooks; /* or NULL */

    /* For layers that need sums over the global batch (layer_ops.totals), which is more than this pass: */
    double *records;      /* where their leaves' numbers go, [leaves][count]; the first one of this pass is */
    int64_t first_record; /* that with this index */
    const double *totals; /* [count]: the sums, for the layer that runs; NULL: not known yet */
};

struct layer;
struct layer_torch;
struct onnx;

/* Names that are accepted in place of a kind's own: those of torch.nn. */
#define LAYER_ALIASES(...) ((const char *const[]){__VA_ARGS__, NULL})

struct layer_ops {
    const char *name;
    const char *const *aliases; /* LAYER_ALIASES, or NULL */
    const char *help;
    const struct arg *args; /* the first is the one a scalar in the configuration sets */

    /* Values it reads; both 0 means exactly one. */
    int min_inputs, max_inputs;

    /* From l->in and l->args: sets l->out and adds the tensors (layer_add_tensor). Errors: STATUS_CONFIG when
     * shapes and arguments do not fit. */
    enum status (*plan)(struct layer *l);

    /* After plan, from l->lanes and l->leaves: sets l->saved_bytes and l->scratch_bytes; NULL = none. */
    void (*measure)(struct layer *l);

    /* x[i] [in[i]][N] -> y [out][N]. */
    void (*forward)(const struct layer *l, const struct pass *p, const float *const *x, float *y);

    /* dy [out][N] -> dx[i] [in[i]][N] and p->grads. dx[i] is NULL when no layer needs it. May destroy dy.
     * x and y are valid only if keeps_input / keeps_output says so. NULL if passes_gradient. */
    void (*backward)(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                     float *dy, float *const *dx);

    /* Adds the layer, as it is outside of training, to a graph of ONNX (nn/export/onnx.h): x[i] are the values that it
     * reads. Returns that of y. */
    int (*onnx)(const struct layer *l, struct onnx *g, const int *x);

    /* Of a layer whose training pass needs sums over the global batch: their number, 0 = none.
     * measure_forward and measure_backward write each leaf's numbers to records [leaves][totals]; right after
     * that, forward and backward are called with the sums in p->totals. A repeated forward pass has none: it
     * takes those of before. NULL, all three, for other layers. */
    int64_t (*totals)(const struct layer *l);
    void (*measure_forward)(const struct layer *l, const struct pass *p, const float *const *x,
                            double *records);
    void (*measure_backward)(const struct layer *l, const struct pass *p, const float *const *x,
                             const float *dy, double *records);

    /* Of a layer that in evaluation maps each channel to channel * scale + shift: whether this one does, and the map.
     * It is folded into a layer before it that `takes_maps`: where each channel of y is linear in a row of the first
     * tensor, and in an element of the second one, the bias. NULL, both, for other layers. */
    bool (*is_map)(const struct layer *l);
    void (*get_map)(const struct layer *l, const struct pass *p, int64_t channel, double *scale,
                    double *shift);
    bool takes_maps;

    const struct layer_torch *torch; /* how it is written as PyTorch code (nn/export/torch.h) */

    bool
        sizes_by_others; /* of inputs after the first only the shape matters: x and dx of them are not used */
    bool keeps_input;    /* backward reads x */
    bool keeps_output;   /* backward reads y */
    bool in_place;       /* forward works with y == x[0], and backward with dx[0] == dy */
    bool is_view; /* y is x[0] in another shape: a model keeps both in one place, forward is not called */
    /* The gradient of every input is dy itself, behind the ReLU of relu_out: there is no backward. */
    bool passes_gradient;
    bool is_max;     /* every output is the maximum of some inputs */
    float relu;      /* the limit of one that is a ReLU and nothing else (kernels.h); 0: no ReLU */
    bool fuses_relu; /* honours relu_in and relu_out */
    /* Honours relu_out, and its gradient is the one behind that ReLU: no other layer must mask it. */
    bool keeps_relu;
    unsigned ranges; /* what its outputs can be (set of RANGE_BIT), for losses that need it */
    /* Every gradient is a sum over lanes, and positions, of one x times one dy, or of one dy. */
    bool sums_products;
};

#define LAYER_MAX_INPUTS 64

struct layer {
    const struct layer_ops *ops;
    const struct kernels *kernels;
    double args[ARG_MAX];
    const char *name; /* given by the user, or NULL; borrowed */
    int index;        /* in the model, from 0 */
    int index_digits; /* of the index where names are sorted: 2, or 4 in models of more than 100 layers */
    int input_count;
    const int *inputs;      /* [input_count]: the values it reads */
    const struct shape *in; /* [input_count]: their shapes */
    int output;             /* the value it writes */
    struct shape out;
    struct tensor *tensors; /* [tensor_count]; owned */
    int tensor_count;
    const struct layer *shared; /* the earlier layer whose tensors these are, or NULL; set by the graph */
    int users;                  /* of its tensors, with the layer itself; 0 where no other uses them */
    bool adds_grads;            /* later layers use its tensors too; set by passes.c */
    bool has_backward;     /* set by the graph: it trains something, or a layer does that it depends on */
    int64_t lanes, leaves; /* of a pass, at most */
    size_t saved_bytes;    /* what forward leaves for backward */
    size_t scratch_bytes;  /* what one call needs, shared by all layers */
    void *saved;
    void *scratch;
    float relu_out; /* the limit of a ReLU that forward applies to y as well; 0: none */
    bool
        uses_blas; /* set by ops->measure: some of its products are those of OpenBLAS, whose bits depend on the
                       processor */
    float relu_in; /* that of a layer whose output x is: backward masks dx with it; 0: none */
    /* In evaluation: the layer whose map is folded into this one, or NULL; and this one without it. Then `tensors`
     * are places in l->saved, where the folded ones are. */
    const struct layer *map, *unmapped;
};

/* The number of inputs whose values it reads: the first ones. */
static inline int layer_read_count(const struct layer *l)
{
    return l->ops->sizes_by_others ? 1 : l->input_count;
}

/* Appends a tensor, with offset 0. Errors: STATUS_OTHER, memory. */
enum status layer_add_tensor(struct layer *l, const struct tensor *tensor);

/* Returns the number of its tensors that are its own: 0 if they are another layer's. */
int layer_own_tensors(const struct layer *l);

/* Calls ops->plan and ops->measure for a layer whose ops, args, in, input_count, lanes and leaves are set.
 * layer_free also after a failure. */
enum status layer_plan(struct layer *l);
void layer_free(struct layer *l);

/* Sums over the global batch that a training pass needs; 0 = none. */
int64_t layer_totals(const struct layer *l);

/* The plan of layers whose output has the shape of their only input. */
enum status layer_plan_same(struct layer *l);

/* The plan of layers whose inputs all have the shape of their output. Errors: STATUS_CONFIG naming both
 * shapes. */
enum status layer_plan_equal(struct layer *l);

/* The table of all kinds, ended by NULL, and a kind by name or alias (NULL if there is none). */
const struct layer_ops *const *layer_registry(void);
const struct layer_ops *layer_find(const char *name);

#endif
