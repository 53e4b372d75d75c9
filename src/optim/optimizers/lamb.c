/* lamb.c - LAMB: Adam with a trust ratio for each tensor. */
#include <math.h>

#include "optim/optimizers/adam_parts.h"
#include "optim/optimizers/norm.h"

static const struct arg args[] = {
    ADAM_ARGS(1e-6, 0, "adds weight_decay * w to the update direction"),
    ARG_END,
};

enum { WEIGHTS, DIRECTIONS };

/* You et al., "Large batch optimization for deep learning: training BERT in 76 minutes" (2020), algorithm 2,
 * with the identity for phi, per tensor:
 *     m += (1 - beta1) * (grad - m);  v += (1 - beta2) * (grad * grad - v)
 *     d = (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps) + weight_decay * w
 *     w -= lr * |w| / |d| * d, with 1 for |w| / |d| where |w| or |d| is 0
 * The first sweep moves m and v, both compute d. */
static inline float lamb_compute_direction(float mean, float square, float weight, float mean_scale,
                                           float root_scale, float eps, float decay)
{
    return mean * mean_scale / (__builtin_sqrtf(square) * root_scale + eps) + decay * weight;
}

static void lamb_derive(struct optim_step *s)
{
    adam_parts_derive(s);
    s->derived[ADAM_STEP_SIZE] = (float)(1 / (1 - pow(s->args[ADAM_BETA1], (double)s->step + 1)));
}

LOOP_BODY void lamb_measure_body(const struct optim_step *s, int64_t count, float *restrict params,
                                 const float *restrict grads, float *const slots[OPTIM_SLOTS],
                                 double norms[OPTIM_NORMS])
{
    struct norm weights = {0}, directions = {0};
    float move1 = (float)(1 - s->args[ADAM_BETA1]), move2 = (float)(1 - s->args[ADAM_BETA2]);
    float eps = (float)s->args[ADAM_EPS], decay = (float)s->args[ADAM_WEIGHT_DECAY], scale = s->grad_scale;
    float mean_scale = s->derived[ADAM_STEP_SIZE], root_scale = s->derived[ADAM_ROOT_SCALE];
    norm_add(&weights, count, params);
    for (int64_t first = 0; first < count; first += NORM_CHUNK) {
        int64_t size = count - first < NORM_CHUNK ? count - first : NORM_CHUNK;
        const float *restrict w = params + first, *restrict grad = grads + first;
        float *restrict mean = slots[0] + first, *restrict square = slots[1] + first, d[NORM_CHUNK];
        for (int64_t i = 0; i < size; i++) {
            float g = grad[i] * scale;
            mean[i] += move1 * (g - mean[i]);
            square[i] += move2 * (g * g - square[i]);
            d[i] = lamb_compute_direction(mean[i], square[i], w[i], mean_scale, root_scale, eps, decay);
        }
        norm_add(&directions, size, d);
    }
    norms[WEIGHTS] += norm_sum(&weights);
    norms[DIRECTIONS] += norm_sum(&directions);
}
OPTIM_MEASURE(lamb_measure)

static double lamb_compute_trust_ratio(const struct optim_step *s)
{
    double weights = sqrt(s->norms[WEIGHTS]), directions = sqrt(s->norms[DIRECTIONS]);
    return weights == 0 || directions == 0 ? 1 : weights / directions;
}

LOOP_BODY void lamb_update_body(const struct optim_step *s, int64_t count, float *restrict params,
                                const float *restrict grads, float *const slots[OPTIM_SLOTS])
{
    (void)grads;
    float eps = (float)s->args[ADAM_EPS], decay = (float)s->args[ADAM_WEIGHT_DECAY];
    float mean_scale = s->derived[ADAM_STEP_SIZE], root_scale = s->derived[ADAM_ROOT_SCALE];
    float rate = (float)(s->lr * lamb_compute_trust_ratio(s));
    const float *restrict mean = slots[0], *restrict square = slots[1];
    for (int64_t i = 0; i < count; i++)
        params[i] -=
            rate * lamb_compute_direction(mean[i], square[i], params[i], mean_scale, root_scale, eps, decay);
}
OPTIM_UPDATE(lamb_update)

extern const struct optim_ops optim_lamb;
const struct optim_ops optim_lamb = {
    .name = "lamb",
    .help = "Adam with a trust ratio for each tensor, for large batches (LAMB, You et al. 2020)",
    .args = args,
    .decay_arg = ADAM_WEIGHT_DECAY,
    .momentum_arg = ADAM_BETA1,
    .slots = 2,
    .slot_names = {ADAM_SLOT_NAMES},
    .derive = lamb_derive,
    .measure = lamb_measure,
    .update = lamb_update,
};
