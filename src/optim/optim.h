/* optim.h - optimizers: one slice of gradients to one slice of new parameters.
 *
 * State is `slots` flat vectors of the length of the parameter vector, zero at the start; only the owner of a
 * slice touches its part. An update is element-wise, so any cut of the vector gives the same bits. An
 * optimizer that needs the norms of whole tensors takes two sweeps: `measure` over all blocks of a tensor,
 * the caller adding up what they give in block order, then `update` over the same blocks. Local functions. */
#ifndef OPTIM_OPTIM_H
#define OPTIM_OPTIM_H

#include <stdint.h>

#include "core/arg.h"
#include "core/status.h"
#include "math/loop.h"

#define OPTIM_SLOTS   3
#define OPTIM_DERIVED 2
#define OPTIM_NORMS   2

/* The least `eps` in a denominator that is 0 where the gradient always was: there the step is 0 / eps, and so
 * it is in the gaps between tensors. */
#define OPTIM_EPS_MIN 1e-30

struct optim_step {
    const struct optim_ops *ops;
    const struct kernels *kernels;
    const double *args;           /* values of ops->args */
    double lr;                    /* this step's learning rate */
    int64_t step;                 /* updates made before this one */
    float grad_scale;             /* 1 / total sample weight: turns summed gradients into the mean's */
    float derived[OPTIM_DERIVED]; /* what ops->derive makes of the above */
    /* SQUARES of norms, sums over the whole tensor of what `measure` gave. All 0 for a tensor that is spared
     * (biases, on request), as for one that is zero: its rate is the step's, it has none of its own. */
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
    int slots;
    const char *slot_names[OPTIM_SLOTS]; /* as PyTorch's state_dict calls them */

    /* STATUS_CONFIG if the arguments do not go together; NULL if they always do. */
    enum status (*check)(const double *args);

    /* Fills s->derived once per step, so that `update`, called for every few KB, need not; or NULL. Does not
     * look at the weight decay, which may differ between the tensors of a step. */
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
struct optim_step optim_begin(const struct kernels *chosen, const struct optim_ops *ops, const double *args,
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

const struct optim_ops *const *optim_registry(void);
const struct optim_ops *optim_find(const char *name);

#endif
