#include "optim/optim.h"

enum { LR, ALPHA, EPS, MOMENTUM, CENTERED, WEIGHT_DECAY };
static const struct arg args[] = {
    {"lr", ARG_REAL, 0.01, 0, 1e6, "learning rate"},
    {"alpha", ARG_REAL, 0.99, 0, 1, "share of the squares' running mean that is kept"},
    {"eps", ARG_REAL, 1e-8, OPTIM_EPS_MIN, 1, "added to the denominator"},
    {"momentum", ARG_REAL, 0, 0, 1, "share of the last step's direction that is kept"},
    {"centered", ARG_BOOL, 0, 0, 1, "scale by the deviation of the gradients instead of their size"},
    {"weight_decay", ARG_REAL, 0, 0, 1e6, "adds this times the weight to its gradient"},
    ARG_END,
};

enum { SQUARE, BUFFER, MEAN };

/* Tieleman and Hinton, "Lecture 6.5: RMSProp" (2012), in the form of torch.optim.RMSprop:
 *     g = grad + weight_decay * w;  v += (1 - alpha) * (g * g - v)
 *     centered: m += (1 - alpha) * (g - m), and v - m * m in the place of v below
 *     b = momentum * b + g / (sqrt(v) + eps);  w -= lr * b
 * A loop touches only the slots that it needs. v - m * m is a variance: where rounding makes it negative,
 * PyTorch gets NaN, and here it counts as 0. */
static inline __attribute__((always_inline)) void sweep(const struct optim_step *s, bool centered,
                                                        bool keeps_direction, int64_t count,
                                                        float *restrict params, const float *restrict grads,
                                                        float *const slots[OPTIM_SLOTS])
{
    float lr = (float)s->lr, move = (float)(1 - s->args[ALPHA]), eps = (float)s->args[EPS];
    float momentum = (float)s->args[MOMENTUM], decay = (float)s->args[WEIGHT_DECAY], scale = s->grad_scale;
    float *restrict square = slots[SQUARE], *restrict buffer = slots[BUFFER], *restrict mean = slots[MEAN];
    for (int64_t i = 0; i < count; i++) {
        float g = grads[i] * scale + decay * params[i];
        square[i] += move * (g * g - square[i]);
        float variance = square[i];
        if (centered) {
            mean[i] += move * (g - mean[i]);
            variance -= mean[i] * mean[i];
            variance = variance > 0 ? variance : 0;
        }
        float direction = g / (__builtin_sqrtf(variance) + eps);
        if (keeps_direction) direction = buffer[i] = momentum * buffer[i] + direction;
        params[i] -= lr * direction;
    }
}

LOOP_BODY void rmsprop_update_body(const struct optim_step *s, int64_t count, float *params,
                                   const float *grads, float *const slots[OPTIM_SLOTS])
{
    bool centered = s->args[CENTERED] != 0, keeps_direction = s->args[MOMENTUM] > 0;
    if (centered && keeps_direction)
        sweep(s, true, true, count, params, grads, slots);
    else if (centered)
        sweep(s, true, false, count, params, grads, slots);
    else if (keeps_direction)
        sweep(s, false, true, count, params, grads, slots);
    else
        sweep(s, false, false, count, params, grads, slots);
}
OPTIM_UPDATE(rmsprop_update)

extern const struct optim_ops optim_rmsprop;
const struct optim_ops optim_rmsprop = {
    .name = "rmsprop",
    .help = "steps scaled by the running mean of squared gradients, as torch.optim.RMSprop",
    .args = args,
    .decay_arg = WEIGHT_DECAY,
    .slots = 3,
    .slot_names = {"square_avg", "momentum_buffer", "grad_avg"},
    .update = rmsprop_update,
};
