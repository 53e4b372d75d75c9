/* optim.h - optimizers: from a range of summed gradients to a range of new parameters.
 *
 * State is `slots` flat vectors of the length of the parameter vector, zero at the start; only the owner of a
 * part touches it. An update is element-wise, so the bits do not depend on how the vector is cut. An
 * optimizer that needs norms of whole tensors takes two sweeps: `measure` over all blocks of a tensor, whose
 * results the caller adds in block order, then `update` over the same blocks. Local functions. */
#ifndef OPTIM_OPTIM_H
#define OPTIM_OPTIM_H

#include <stdint.h>

#include "core/arg.h"
#include "core/status.h"
#include "math/loop.h"

#define OPTIM_SLOTS   3
#define OPTIM_DERIVED 3
#define OPTIM_NORMS   2

/* Lower bound of `eps`. Where the gradient was always 0, as in the gaps between tensors, the step is then 0 /
 * eps = 0. */
#define OPTIM_EPS_MIN 1e-30

struct optim_step {
    const struct optim_ops *ops;
    const struct kernels *kernels;
    const double *args;           /* values of ops->args */
    double lr;                    /* this step's learning rate */
    int64_t step;                 /* updates made before this one */
    float grad_scale;             /* 1 / total sample weight: turns a summed gradient into that of the mean */
    float derived[OPTIM_DERIVED]; /* computed by ops->derive from the above */
    /* SQUARES of norms: sums over the whole tensor of what `measure` returned. All 0 for a tensor without
     * decay (biases, on request) and for one that is zero: it has no rate of its own. */
    double norms[OPTIM_NORMS];
};

/* The two sweeps over a block, see optim_measure and optim_update. */
typedef void optim_measure_loop(const struct optim_step *s, int64_t count, float *params, const float *grads,
                                float *const slots[OPTIM_SLOTS], double norms[OPTIM_NORMS]);
typedef void optim_update_loop(const struct optim_step *s, int64_t count, float *params, const float *grads,
                               float *const slots[OPTIM_SLOTS]);

struct optim_ops {
    const char *name;
    const char *help;
    const struct arg *args; /* no lists; the first is the learning rate */
    int decay_arg;          /* index in args of the weight decay; 0 = it has none */
    int momentum_arg;       /* index in args of the momentum that a schedule may set; 0 = none */
    int slots;
    const char *slot_names[OPTIM_SLOTS]; /* names in PyTorch's state_dict */

    /* Optional: STATUS_CONFIG if the arguments contradict each other. */
    enum status (*check)(const double *args);

    /* Optional: fills s->derived once per step, because `update` is called for every few KB. Must not depend
     * on the weight decay, which may differ between tensors. */
    void (*derive)(struct optim_step *s);

    /* The sweeps, in a version for each level of the kernels: optim_measure and optim_update call them.
     * `measure` is NULL if there is only one sweep. */
    optim_measure_loop *const *measure;
    optim_update_loop *const *update;
};

/* Define the versions of name_body, a LOOP_BODY with the parameters of an optim_measure_loop or
 * optim_update_loop. */
#define OPTIM_MEASURE(name)                                                                                  \
    LOOP_VERSIONS(name,                                                                                      \
                  (const struct optim_step *s, int64_t count, float *restrict params,                        \
                   const float *restrict grads, float *const slots[OPTIM_SLOTS], double norms[OPTIM_NORMS]), \
                  (s, count, params, grads, slots, norms))
#define OPTIM_UPDATE(name)                                                                                   \
    LOOP_VERSIONS(name,                                                                                      \
                  (const struct optim_step *s, int64_t count, float *restrict params,                        \
                   const float *restrict grads, float *const slots[OPTIM_SLOTS]),                            \
                  (s, count, params, grads, slots))

/* Returns a step ready for its sweeps; `weight` is the total sample weight. `args` must outlive it. */
struct optim_step optim_begin(const struct kernels *kernels, const struct optim_ops *ops, const double *args,
                              double lr, int64_t step, double weight);

/* Adds the squares of a block to `norms`, in double and in an order that depends on `count` alone; may change
 * slots, not params. Only for optimizers with ops->measure. */
static inline void optim_measure(const struct optim_step *s, int64_t count, float *params, const float *grads,
                                 float *const slots[OPTIM_SLOTS], double norms[OPTIM_NORMS])
{
    s->ops->measure[s->kernels->number](s, count, params, grads, slots, norms);
}

/* Updates a block: params, grads and each slots[i] are [count]; grads hold sums over the global batch. */
static inline void optim_update(const struct optim_step *s, int64_t count, float *params, const float *grads,
                                float *const slots[OPTIM_SLOTS])
{
    s->ops->update[s->kernels->number](s, count, params, grads, slots);
}

/* The table of all optimizers, ended by NULL, and an optimizer by name (NULL if there is none). */
const struct optim_ops *const *optim_registry(void);
const struct optim_ops *optim_find(const char *name);

#endif
