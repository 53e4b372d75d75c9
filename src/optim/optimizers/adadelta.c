/* adadelta.c - Adadelta. */
#include "optim/optim.h"

enum { LR, RHO, EPS, WEIGHT_DECAY };
static const struct arg args[] = {
    {.name = "lr",
     .kind = ARG_REAL,
     .default_value = 1,
     .max = 1e6,
     .help = "factor of the step, which has a size of its own"},
    {.name = "rho",
     .kind = ARG_REAL,
     .default_value = 0.9,
     .max = 1,
     .help = "smoothing constant of the running means of squared gradients and steps"},
    {.name = "eps",
     .kind = ARG_REAL,
     .default_value = 1e-6,
     .min = OPTIM_EPS_MIN,
     .max = 1,
     .help = "added under both roots: for numerical stability, and to start from"},
    {.name = "weight_decay",
     .kind = ARG_REAL,
     .max = 1e6,
     .help = "L2 penalty: adds weight_decay * w to the gradient"},
    ARG_END,
};

enum { SQUARE, STEPS };

/* Zeiler, "ADADELTA: an adaptive learning rate method" (2012), in the form of torch.optim.Adadelta:
 *     g = grad + weight_decay * w;  v += (1 - rho) * (g * g - v)
 *     d = sqrt(u + eps) / sqrt(v + eps) * g;  u += (1 - rho) * (d * d - u);  w -= lr * d */
LOOP_BODY void adadelta_update_body(const struct optim_step *s, int64_t count, float *restrict params,
                                    const float *restrict grads, float *const slots[OPTIM_SLOTS])
{
    float lr = (float)s->lr, move = (float)(1 - s->args[RHO]), eps = (float)s->args[EPS];
    float decay = (float)s->args[WEIGHT_DECAY], scale = s->grad_scale;
    float *restrict square = slots[SQUARE], *restrict steps = slots[STEPS];
    for (int64_t i = 0; i < count; i++) {
        float g = grads[i] * scale + decay * params[i];
        square[i] += move * (g * g - square[i]);
        float step = __builtin_sqrtf(steps[i] + eps) / __builtin_sqrtf(square[i] + eps) * g;
        steps[i] += move * (step * step - steps[i]);
        params[i] -= lr * step;
    }
}
OPTIM_UPDATE(adadelta_update)

extern const struct optim_ops optim_adadelta;
const struct optim_ops optim_adadelta = {
    .name = "adadelta",
    .help = "Adadelta, as torch.optim.Adadelta",
    .args = args,
    .decay_arg = WEIGHT_DECAY,
    .slots = 2,
    .slot_names = {"square_avg", "acc_delta"},
    .update = adadelta_update,
};
