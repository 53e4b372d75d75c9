/* adagrad.c - Adagrad. */
#include "optim/optim.h"

enum { LR, LR_DECAY, EPS, INITIAL, WEIGHT_DECAY };
static const struct arg args[] = {
    {.name = "lr", .kind = ARG_REAL, .default_value = 0.01, .max = 1e6, .help = "learning rate"},
    {.name = "lr_decay", .kind = ARG_REAL, .max = 1e6, .help = "lr is divided by 1 + steps * lr_decay"},
    {.name = "eps",
     .kind = ARG_REAL,
     .default_value = 1e-10,
     .min = OPTIM_EPS_MIN,
     .max = 1,
     .help = "added to the denominator for numerical stability"},
    {.name = "initial_accumulator_value",
     .kind = ARG_REAL,
     .max = 1e30,
     .help = "initial value of the sum of squared gradients"},
    {.name = "weight_decay",
     .kind = ARG_REAL,
     .max = 1e6,
     .help = "L2 penalty: adds weight_decay * w to the gradient"},
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
 *     g = grad + weight_decay * w;  sum += g * g;  w -= lr / (1 + steps * lr_decay) * g / (sqrt(sum) + eps)
 */
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
