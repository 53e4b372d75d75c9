/* update.h - from the summed gradient of a step to new parameters: clipping, norms of tensors, factors per
 * tensor, limits of rows, and a running average of the parameters.
 *
 * The parameters are one flat vector. Its holder hands out ranges of it (struct update_vector); which
 * rank updates which range, and where gradients come from, is no concern of this file. What needs the whole
 * gradient first (clipping by its norm, LARS, LAMB) is summed in double over pieces: cells of UPDATE_CELL
 * floats, cut where a tensor ends. Pieces are added in order, so the sums do not depend on how the vector is
 * shared out. */
#ifndef OPTIM_UPDATE_H
#define OPTIM_UPDATE_H

#include <stdbool.h>

#include "optim/max_norm.h"
#include "optim/optim.h"

#define UPDATE_CELL ((int64_t)256)

/* Vectors beside the parameters: those of the optimizer, then the running average of the parameters. */
#define UPDATE_SLOTS (OPTIM_SLOTS + 1)

/* Gets a range [first, first + count) of the vector: whole cells (the vector's last one may be shorter).
 * `grads` are sums over the global batch; params, grads and each slots[i] are [count]. */
typedef void update_visit(void *visitor, int64_t first, int64_t count, float *params, const float *grads,
                          float *const slots[UPDATE_SLOTS]);

/* The flat vector, shared out among ranks or not. All three may be collective; then all ranks call
 * update_apply. */
struct update_vector {
    void *self;

    /* Visits every range that is this rank's. Visits change slots only. */
    void (*sweep)(void *self, update_visit *visit, void *visitor);

    /* Replaces values [count], each of which is 0 on all ranks but one, by their sums; NULL if there is one
     * rank. */
    void (*merge)(void *self, double *values, int64_t count);

    /* As sweep, but visits change parameters. Ends the step. */
    void (*apply)(void *self, update_visit *visit, void *visitor);
};

enum update_role {
    UPDATE_WEIGHT,    /* the optimizer moves it */
    UPDATE_STATISTIC, /* a running mean: not clipped, not decayed, and in no norm */
    UPDATE_FROZEN,    /* it stays as it is, and is in no norm */
};

/* A tensor's range of the vector, the gap behind it included; all tensors cover the vector in order. */
struct update_tensor {
    int64_t first, count;
    enum update_role role;
    bool decayed; /* of a weight: it has weight decay, and a rate of its own (LARS, LAMB); else neither */
    double lr_factor, decay_factor; /* of a weight: multiply the step's rate and the optimizer's decay */
    int64_t rows, row_floats;       /* of a weight: rows that max_norm limits, and their length; 0 = none */
    double momentum; /* of a statistic: share of the new value; negative: that of a mean over all steps */
};

struct update_spec {
    const struct kernels *kernels;
    const struct optim_ops *optim;
    const struct arg_values *args;       /* of the optimizer; borrowed */
    double clip_norm, clip_value;        /* of the gradient; 0 = not */
    double max_norm;                     /* of a row of weights; 0 = not */
    bool averages;                       /* slots[optim->slots] is a running average of the parameters */
    const struct update_tensor *tensors; /* copied */
    int64_t tensor_count;
    struct update_vector vector;
};

/* One step. */
struct update_step {
    double lr;
    int64_t number;  /* of updates before */
    double divisor;  /* total weight of the global batch: gradients are sums, the mean is over this */
    int64_t samples; /* of the global batch: statistics are sums over samples */
    /* Where the optimizer has a momentum (momentum_arg) and a schedule sets it. */
    bool sets_momentum;
    double momentum;
    double average_move; /* share of the new parameters in their average; 0 = it stays, 1 = it is a copy */
};

/* What weights with the same factors have in common. */
struct update_class {
    double lr_factor, decay_factor; /* 0 = no decay */
    struct arg_values args;         /* of the optimizer */
    struct optim_step step;         /* of this step */
};

struct update {
    struct update_spec spec;
    struct update_tensor *tensors; /* [spec.tensor_count] */
    double (*norms)[OPTIM_NORMS];  /* [spec.tensor_count], of this step: sums of squares; 0 if not decayed */
    double *pieces;                /* [piece_count][OPTIM_NORMS], NULL if nothing needs them */
    int64_t piece_count;
    struct update_class *classes;
    int class_count;
    int *class_of;            /* [spec.tensor_count] */
    struct max_norm max_norm; /* if spec.max_norm > 0 */
    struct update_step step;  /* this one */
    bool plain;               /* all tensors alike, nothing clipped: ranges go to the optimizer as they are */
    double gradient_norm;     /* of the mean's gradient before clipping, if spec.clip_norm > 0 */
};

/* Local. Errors: STATUS_OTHER, memory; then there is nothing to free. */
enum status update_init(struct update *u, const struct update_spec *spec);
void update_free(struct update *u);

/* Updates the whole vector. Collective if the vector is. Allocates nothing. */
void update_apply(struct update *u, const struct update_step *step);

/* Whether a tensor is a statistic. */
bool update_has_statistics(const struct update *u);

/* Changes nothing but the statistics of the average: they move towards those of the gradient, sums over `samples`,
 * by a share. 1 replaces them. Collective if the vector is. */
void update_apply_statistics(struct update *u, double share, int64_t samples);

/* Only moves the average, in a step that changes no parameter. Collective if the vector is. */
void update_apply_average(struct update *u, double average_move);

#endif
