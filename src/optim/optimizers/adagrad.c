/* adagrad.c - Adagrad. */
#include "optim/optim.h"

enum { LR, LR_DECAY, EPS, INITIAL, WEIGHT_DECAY };
static const struct arg args[] = {
    {"lr", ARG_REAL, 0.01, 0, 1e6, "learning rate"},
    {"lr_decay", ARG_REAL, 0, 0, 1e6, "lr is divided by 1 + steps * lr_decay"},
    {"eps", ARG_REAL, 1e-10, OPTIM_EPS_MIN, 1, "added to the denominator for numerical stability"},
    {"initial_accumulator_value", ARG_REAL, 0, 0, 1e30, "initial value of the sum of squared gradients"},
    {"weight_decay", ARG_REAL, 0, 0, 1e6, "L2 penalty: adds weight_decay * w to the gradient"},
    ARG_END,
};

enum { RATE, START };

/* Slots start at zero, so the initial value of the sum is added in the first step. */
static void adagrad_derive(struct optim_step *s)
{
    s->derived[RATE] = (float)(s->lr / (1 + (double)s->step * s->args[LR_DECAY]));
    s->derived[START] = s->step == 0 ? (float)s->args[INITIAL] : 0;
}

/* Duchi, Hazan and Singer, "Adaptive subgradient methods" (2011), in the form of torch.optim.Adagrad:
 *     g = grad + weight_decay * w;  sum += g * g;  w -= lr / (1 + steps * lr_decay) * g / (sqrt(sum) + eps) */
LOOP_BODY void adagrad_update_body(const struct optim_step *s, int64_t count, float *restrict params,
                                   const float *restrict grads, float *const slots[OPTIM_SLOTS])
{
    float rate = s->derived[RATE], start = s->derived[START], scale = s->grad_scale;
    float decay = (float)s->args[WEIGHT_DECAY], eps = (float)s->args[EPS];
    float *restrict sum = slots[0];
    for (int64_t i = 0; i < count; i++) {
        float g = grads[i] * scale + decay * params[i];
        sum[i] = sum[i] + start + g * g;
        params[i] -= rate * g / (__builtin_sqrtf(sum[i]) + eps);
    }
}
OPTIM_UPDATE(adagrad_update)

extern const struct optim_ops optim_adagrad;
const struct optim_ops optim_adagrad = {
    .name = "adagrad",
    .help = "Adagrad, as torch.optim.Adagrad",
    .args = args,
    .decay_arg = WEIGHT_DECAY,
    .slots = 1,
    .slot_names = {"sum"},
    .derive = adagrad_derive,
    .update = adagrad_update,
};
