/* adam_parts.h - arguments, bias corrections and update shared by Adam, AdamW, AMSGrad,
 * RAdam, NAdam and LAMB. */
#ifndef OPTIM_OPTIMIZERS_ADAM_PARTS_H
#define OPTIM_OPTIMIZERS_ADAM_PARTS_H

#include "optim/optim.h"

/* The first arguments of each, in this order; the default and the meaning of weight_decay differ. */
enum { ADAM_LR, ADAM_BETA1, ADAM_BETA2, ADAM_EPS, ADAM_WEIGHT_DECAY, ADAM_ARG_COUNT };
#define ADAM_ARGS(eps, decay, decay_help)                                                                    \
    {.name = "lr", .kind = ARG_REAL, .default_value = 0.001, .max = 1e6, .help = "learning rate"},           \
        ADAM_MORE_ARGS(eps, decay, decay_help)
#define ADAM_MORE_ARGS(eps, decay, decay_help)                                                               \
    {.name = "beta1",                                                                                        \
     .kind = ARG_REAL,                                                                                       \
     .default_value = 0.9,                                                                                   \
     .max = ADAM_BETA_MAX,                                                                                   \
     .help = "decay rate of the running mean of gradients"},                                                 \
        {.name = "beta2",                                                                                    \
         .kind = ARG_REAL,                                                                                   \
         .default_value = 0.999,                                                                             \
         .max = ADAM_BETA_MAX,                                                                               \
         .help = "decay rate of the running mean of squared gradients"},                                     \
        {.name = "eps",                                                                                      \
         .kind = ARG_REAL,                                                                                   \
         .default_value = eps,                                                                               \
         .min = OPTIM_EPS_MIN,                                                                               \
         .max = 1,                                                                                           \
         .help = "added to the denominator for numerical stability"},                                        \
    {                                                                                                        \
        "weight_decay", ARG_REAL, decay, 0, 1e6, decay_help                                                  \
    }
#define ADAM_BETA_MAX 0.9999999 /* at 1 the bias correction would divide by zero */

#define ADAM_SLOT_NAMES "exp_avg", "exp_avg_sq"

/* Computes the bias corrections from `args`, `lr` and `step` (an ops->derive). */
enum {
    ADAM_STEP_SIZE, /* lr / (1 - beta1^t) */
    ADAM_ROOT_SCALE /* 1 / sqrt(1 - beta2^t) */
};
void adam_parts_derive(struct optim_step *s);

/* Kingma and Ba, "Adam" (2015), in the form of torch.optim.Adam:
 *     m += (1 - beta1) * (g - m);  v += (1 - beta2) * (g * g - v)
 *     w -= lr / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + eps)
 * with `decay` times the weight added to its gradient, and the weight itself multiplied by `keep` first.
 * The means move by a difference, so that an average of equal values stays exactly at that value. */
LOOP_BODY void adam_move(const struct optim_step *s, float decay, float keep, int64_t count,
                         float *restrict params, const float *restrict grads, float *const slots[OPTIM_SLOTS])
{
    float move1 = (float)(1 - s->args[ADAM_BETA1]), move2 = (float)(1 - s->args[ADAM_BETA2]);
    float eps = (float)s->args[ADAM_EPS], scale = s->grad_scale;
    float size = s->derived[ADAM_STEP_SIZE], root_scale = s->derived[ADAM_ROOT_SCALE];
    float *restrict mean = slots[0], *restrict square = slots[1];
    for (int64_t i = 0; i < count; i++) {
        float g = grads[i] * scale + decay * params[i];
        mean[i] += move1 * (g - mean[i]);
        square[i] += move2 * (g * g - square[i]);
        params[i] = params[i] * keep - size * mean[i] / (__builtin_sqrtf(square[i]) * root_scale + eps);
    }
}

#endif
