/* nadam.c - NAdam: Adam with Nesterov momentum. */
#include <math.h>

#include "optim/optimizers/adam_parts.h"

enum { MOMENTUM_DECAY = ADAM_ARG_COUNT, DECOUPLED };
static const struct arg args[] = {
    {.name = "lr", .kind = ARG_REAL, .default_value = 0.002, .max = 1e6, .help = "learning rate"},
    ADAM_MORE_ARGS(1e-8, 0, "L2 penalty: adds weight_decay * w to the gradient"),
    {.name = "momentum_decay",
     .kind = ARG_REAL,
     .default_value = 4e-3,
     .max = 1e6,
     .help = "decay rate of the momentum's warm-up: mu = beta1 (1 - 0.96^(t momentum_decay) / 2)"},
    {.name = "decoupled_weight_decay",
     .kind = ARG_BOOL,
     .help = "decoupled weight decay (as AdamW) instead of an L2 penalty"},
    ARG_END,
};

enum { GRADIENT_SIZE, MEAN_SIZE, ROOT_SCALE };

#define NADAM_WARMUP_BASE 0.96

/* Returns mu_1 ... mu_t and stores mu_t and mu_(t + 1). It stops where the product no longer counts beside 1,
 * or where the momentum has reached beta1: after some thousand factors at most. */
static double nadam_multiply_momentum(const struct optim_step *s, double t, double *now, double *next)
{
    double beta1 = s->args[ADAM_BETA1], rate = s->args[MOMENTUM_DECAY], product = 1;
    for (double i = 1; i <= t && product > 1e-20; i++) {
        double rest = 0.5 * pow(NADAM_WARMUP_BASE, i * rate);
        if (rest < 1e-17) {
            product *= pow(beta1, t - i + 1);
            break;
        }
        product *= beta1 * (1 - rest);
    }
    *now = beta1 * (1 - 0.5 * pow(NADAM_WARMUP_BASE, t * rate));
    *next = beta1 * (1 - 0.5 * pow(NADAM_WARMUP_BASE, (t + 1) * rate));
    return product;
}

/* Dozat, "Incorporating Nesterov momentum into Adam" (2016), as torch.optim.NAdam: with m and v as in Adam,
 *     w -= lr ((1 - mu_t) g / (1 - p_t) + mu_(t + 1) m / (1 - p_(t + 1))) / (sqrt(v / (1 - beta2^t)) + eps)
 * where p_t = mu_1 ... mu_t. */
static void nadam_derive(struct optim_step *s)
{
    double t = (double)s->step + 1, now, next, product = nadam_multiply_momentum(s, t, &now, &next);
    s->derived[GRADIENT_SIZE] = (float)(s->lr * (1 - now) / (1 - product));
    s->derived[MEAN_SIZE] = (float)(s->lr * next / (1 - product * next));
    s->derived[ROOT_SCALE] = (float)(1 / sqrt(1 - pow(s->args[ADAM_BETA2], t)));
}

LOOP_BODY void nadam_update_body(const struct optim_step *s, int64_t count, float *restrict params,
                                 const float *restrict grads, float *const slots[OPTIM_SLOTS])
{
    float move1 = (float)(1 - s->args[ADAM_BETA1]), move2 = (float)(1 - s->args[ADAM_BETA2]);
    float eps = (float)s->args[ADAM_EPS], scale = s->grad_scale, root_scale = s->derived[ROOT_SCALE];
    float gradient_size = s->derived[GRADIENT_SIZE], mean_size = s->derived[MEAN_SIZE];
    bool decoupled = s->args[DECOUPLED] != 0;
    float decay = decoupled ? 0 : (float)s->args[ADAM_WEIGHT_DECAY];
    float keep = decoupled ? (float)(1 - s->lr * s->args[ADAM_WEIGHT_DECAY]) : 1;
    float *restrict mean = slots[0], *restrict square = slots[1];
    for (int64_t i = 0; i < count; i++) {
        float g = grads[i] * scale + decay * params[i];
        mean[i] += move1 * (g - mean[i]);
        square[i] += move2 * (g * g - square[i]);
        float step = gradient_size * g + mean_size * mean[i];
        params[i] = params[i] * keep - step / (__builtin_sqrtf(square[i]) * root_scale + eps);
    }
}
OPTIM_UPDATE(nadam_update)

extern const struct optim_ops optim_nadam;
const struct optim_ops optim_nadam = {
    .name = "nadam",
    .help = "Adam with Nesterov momentum, as torch.optim.NAdam",
    .args = args,
    .decay_arg = ADAM_WEIGHT_DECAY,
    .slots = 2,
    .slot_names = {ADAM_SLOT_NAMES},
    .derive = nadam_derive,
    .update = nadam_update,
};
