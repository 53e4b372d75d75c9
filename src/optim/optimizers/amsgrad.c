/* amsgrad.c - AMSGrad: Adam with the maximum of the second moments. */
#include "optim/optimizers/adam_parts.h"

enum { DECOUPLED = ADAM_ARG_COUNT };
static const struct arg args[] = {
    ADAM_ARGS(1e-8, 0, "L2 penalty: adds weight_decay * w to the gradient"),
    {.name = "decoupled",
     .kind = ARG_BOOL,
     .help = "decoupled weight decay (as AdamW) instead of an L2 penalty"},
    ARG_END,
};

/* Reddi, Kale and Kumar, "On the convergence of Adam and beyond" (2018), as torch.optim.Adam and AdamW with
 * amsgrad=True:
 *     m += (1 - beta1) * (g - m);  v += (1 - beta2) * (g * g - v);  u = max(u, v)
 *     w -= lr / (1 - beta1^t) * m / (sqrt(u / (1 - beta2^t)) + eps) */
LOOP_BODY void amsgrad_update_body(const struct optim_step *s, int64_t count, float *restrict params,
                                   const float *restrict grads, float *const slots[OPTIM_SLOTS])
{
    float move1 = (float)(1 - s->args[ADAM_BETA1]), move2 = (float)(1 - s->args[ADAM_BETA2]);
    float eps = (float)s->args[ADAM_EPS], scale = s->grad_scale;
    float size = s->derived[ADAM_STEP_SIZE], root_scale = s->derived[ADAM_ROOT_SCALE];
    bool decoupled = s->args[DECOUPLED] != 0;
    float decay = decoupled ? 0 : (float)s->args[ADAM_WEIGHT_DECAY];
    float keep = decoupled ? (float)(1 - s->lr * s->args[ADAM_WEIGHT_DECAY]) : 1;
    float *restrict mean = slots[0], *restrict square = slots[1], *restrict maximum = slots[2];
    for (int64_t i = 0; i < count; i++) {
        float g = grads[i] * scale + decay * params[i];
        mean[i] += move1 * (g - mean[i]);
        square[i] += move2 * (g * g - square[i]);
        maximum[i] = square[i] > maximum[i] ? square[i] : maximum[i];
        params[i] = params[i] * keep - size * mean[i] / (__builtin_sqrtf(maximum[i]) * root_scale + eps);
    }
}
OPTIM_UPDATE(amsgrad_update)

extern const struct optim_ops optim_amsgrad;
const struct optim_ops optim_amsgrad = {
    .name = "amsgrad",
    .help = "Adam with the maximum of the second moments, as torch.optim.Adam with amsgrad=True",
    .args = args,
    .decay_arg = ADAM_WEIGHT_DECAY,
    .momentum_arg = ADAM_BETA1,
    .slots = 3,
    .slot_names = {ADAM_SLOT_NAMES, "max_exp_avg_sq"},
    .derive = adam_parts_derive,
    .update = amsgrad_update,
};
