/* lars.c - LARS: SGD with a trust ratio for each tensor. */
#include <math.h>

#include "optim/optim.h"
#include "optim/optimizers/norm.h"

enum { LR, MOMENTUM, WEIGHT_DECAY, TRUST, EPS };
static const struct arg args[] = {
    {.name = "lr",
     .kind = ARG_REAL,
     .default_value = 1,
     .max = 1e6,
     .help = "learning rate, multiplied by the trust ratio of each tensor"},
    {.name = "momentum", .kind = ARG_REAL, .default_value = 0.9, .max = 1, .help = "momentum factor"},
    {.name = "weight_decay",
     .kind = ARG_REAL,
     .max = 1e6,
     .help = "L2 penalty: adds weight_decay * w to the gradient"},
    {.name = "trust_coefficient",
     .kind = ARG_REAL,
     .default_value = 0.001,
     .max = 1e6,
     .help = "coefficient of the trust ratio"},
    {.name = "eps",
     .kind = ARG_REAL,
     .default_value = 1e-8,
     .max = 1,
     .help = "added to the denominator of the trust ratio for numerical stability"},
    ARG_END,
};

enum { WEIGHTS, GRADIENTS };

LOOP_BODY void lars_measure_body(const struct optim_step *s, int64_t count, float *params, const float *grads,
                                 float *const slots[OPTIM_SLOTS], double norms[OPTIM_NORMS])
{
    (void)slots;
    struct norm weights = {0}, gradients = {0};
    float g[NORM_CHUNK], scale = s->grad_scale;
    norm_add(&weights, count, params);
    for (int64_t first = 0; first < count; first += NORM_CHUNK) {
        int64_t size = count - first < NORM_CHUNK ? count - first : NORM_CHUNK;
        for (int64_t i = 0; i < size; i++) g[i] = grads[first + i] * scale;
        norm_add(&gradients, size, g);
    }
    norms[WEIGHTS] += norm_sum(&weights);
    norms[GRADIENTS] += norm_sum(&gradients);
}
OPTIM_MEASURE(lars_measure)

static double lars_compute_trust_ratio(const struct optim_step *s)
{
    double weights = sqrt(s->norms[WEIGHTS]), gradients = sqrt(s->norms[GRADIENTS]);
    if (weights == 0 || gradients == 0) return 1;
    return s->args[TRUST] * weights / (gradients + s->args[WEIGHT_DECAY] * weights + s->args[EPS]);
}

/* You, Gitman and Ginsburg, "Large batch training of convolutional networks" (2017), algorithm 1, per tensor:
 *     ratio = trust_coefficient * |w| / (|grad| + weight_decay * |w| + eps), 1 where |w| or |grad| is 0
 *     v = momentum * v + lr * ratio * (grad + weight_decay * w);  w -= v */
LOOP_BODY void lars_update_body(const struct optim_step *s, int64_t count, float *restrict params,
                                const float *restrict grads, float *const slots[OPTIM_SLOTS])
{
    float rate = (float)(s->lr * lars_compute_trust_ratio(s)), momentum = (float)s->args[MOMENTUM];
    float decay = (float)s->args[WEIGHT_DECAY], scale = s->grad_scale;
    float *restrict velocity = slots[0];
    for (int64_t i = 0; i < count; i++) {
        velocity[i] = momentum * velocity[i] + rate * (grads[i] * scale + decay * params[i]);
        params[i] -= velocity[i];
    }
}
OPTIM_UPDATE(lars_update)

extern const struct optim_ops optim_lars;
const struct optim_ops optim_lars = {
    .name = "lars",
    .help = "SGD with momentum and a trust ratio for each tensor, for large batches (LARS, You et al. 2017)",
    .args = args,
    .decay_arg = WEIGHT_DECAY,
    .momentum_arg = MOMENTUM,
    .slots = 1,
    .slot_names = {"momentum_buffer"},
    .measure = lars_measure,
    .update = lars_update,
};
