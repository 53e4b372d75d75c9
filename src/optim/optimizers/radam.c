/* radam.c - RAdam: Adam with a rectified adaptive rate. */
#include <math.h>

#include "optim/optimizers/adam_parts.h"

enum { DECOUPLED = ADAM_ARG_COUNT };
static const struct arg args[] = {
    ADAM_ARGS(1e-8, 0, "L2 penalty: adds weight_decay * w to the gradient"),
    {.name = "decoupled_weight_decay",
     .kind = ARG_BOOL,
     .help = "decoupled weight decay (as AdamW) instead of an L2 penalty"},
    ARG_END,
};

enum { SIZE, IS_ADAPTIVE };

/* Length of the approximated simple moving average above which the variance of the adaptive rate is finite. */
#define RADAM_LENGTH_MIN 5

/* Liu et al., "On the variance of the adaptive learning rate and beyond" (2020), as torch.optim.RAdam: with
 * r = 2 / (1 - beta2) - 1 and q = r - 2 t beta2^t / (1 - beta2^t), a step of lr / (1 - beta1^t) is adaptive
 * from q > 5 on, and then multiplied by
 *     sqrt((q - 4) (q - 2) r / ((r - 4) (r - 2) q)) sqrt(1 - beta2^t) */
static void radam_derive(struct optim_step *s)
{
    double t = (double)s->step + 1, beta2 = s->args[ADAM_BETA2], left = 1 - pow(beta2, t);
    double most = 2 / (1 - beta2) - 1, length = most - 2 * t * pow(beta2, t) / left;
    double size = s->lr / (1 - pow(s->args[ADAM_BETA1], t));
    bool adaptive = length > RADAM_LENGTH_MIN;
    if (adaptive)
        size *= sqrt((length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length)) * sqrt(left);
    s->derived[SIZE] = (float)size;
    s->derived[IS_ADAPTIVE] = adaptive;
}

/* With m and v as in Adam: w -= size * m / (sqrt(v) + eps), or w -= size * m while it is not adaptive. */
static inline __attribute__((always_inline)) void radam_sweep(const struct optim_step *s, bool adaptive,
                                                              int64_t count, float *restrict params,
                                                              const float *restrict grads,
                                                              float *const slots[OPTIM_SLOTS])
{
    float move1 = (float)(1 - s->args[ADAM_BETA1]), move2 = (float)(1 - s->args[ADAM_BETA2]);
    float eps = (float)s->args[ADAM_EPS], scale = s->grad_scale, size = s->derived[SIZE];
    bool decoupled = s->args[DECOUPLED] != 0;
    float decay = decoupled ? 0 : (float)s->args[ADAM_WEIGHT_DECAY];
    float keep = decoupled ? (float)(1 - s->lr * s->args[ADAM_WEIGHT_DECAY]) : 1;
    float *restrict mean = slots[0], *restrict square = slots[1];
    for (int64_t i = 0; i < count; i++) {
        float g = grads[i] * scale + decay * params[i];
        mean[i] += move1 * (g - mean[i]);
        square[i] += move2 * (g * g - square[i]);
        float step = size * mean[i];
        if (adaptive) step /= __builtin_sqrtf(square[i]) + eps;
        params[i] = params[i] * keep - step;
    }
}

LOOP_BODY void radam_update_body(const struct optim_step *s, int64_t count, float *params, const float *grads,
                                 float *const slots[OPTIM_SLOTS])
{
    if (s->derived[IS_ADAPTIVE] != 0)
        radam_sweep(s, true, count, params, grads, slots);
    else
        radam_sweep(s, false, count, params, grads, slots);
}
OPTIM_UPDATE(radam_update)

extern const struct optim_ops optim_radam;
const struct optim_ops optim_radam = {
    .name = "radam",
    .help = "Adam with a rectified adaptive rate, as torch.optim.RAdam",
    .args = args,
    .decay_arg = ADAM_WEIGHT_DECAY,
    .momentum_arg = ADAM_BETA1,
    .slots = 2,
    .slot_names = {ADAM_SLOT_NAMES},
    .derive = radam_derive,
    .update = radam_update,
};
