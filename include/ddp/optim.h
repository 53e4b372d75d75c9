/* optim.h - optimizers: one slice of gradients to one slice of new parameters.
 *
 * State is `slots` flat vectors of the length of the parameter vector; only the owner of a slice touches
 * its part. Element-wise, so any cut of the vector gives the same bits. Local functions. */
#ifndef DDP_OPTIM_H
#define DDP_OPTIM_H

#include <stdint.h>

#include "ddp/arg.h"
#include "ddp/status.h"

#define OPTIM_SLOTS   2
#define OPTIM_DERIVED 2

struct optim_step {
    const double *args;           /* values of ops->args */
    double lr;                    /* this step's learning rate */
    int64_t step;                 /* from 0 */
    float grad_scale;             /* 1 / total sample weight: turns summed gradients into the mean's */
    float derived[OPTIM_DERIVED]; /* what ops->derive makes of the above */
};

struct optim_ops {
    const char *name;
    const char *help;
    const struct arg *args; /* the first is "lr" for every optimizer */
    int slots;
    const char *slot_names[OPTIM_SLOTS]; /* as PyTorch's state_dict calls them */

    /* Fills s->derived once per step, so that `update`, called for every few KB, need not; or NULL. */
    void (*derive)(struct optim_step *s);

    /* params, grads and each slots[i] are [count]; grads hold sums over the global batch. */
    void (*update)(const struct optim_step *s, int64_t count, float *params, const float *grads,
                   float *const slots[OPTIM_SLOTS]);
};

/* A step ready for ops->update; `weight` is the total sample weight. `args` must outlive it. */
struct optim_step optim_begin(const struct optim_ops *ops, const double *args, double lr, int64_t step,
                              double weight);

const struct optim_ops *const *optim_registry(void);
const struct optim_ops *optim_find(const char *name);

#endif
