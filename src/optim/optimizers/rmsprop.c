/* rmsprop.c - RMSprop. */
#include "optim/optim.h"

enum { LR, ALPHA, EPS, MOMENTUM, CENTERED, WEIGHT_DECAY };
static const struct arg args[] = {
    {.name = "lr", .kind = ARG_REAL, .default_value = 0.01, .max = 1e6, .help = "learning rate"},
    {.name = "alpha",
     .kind = ARG_REAL,
     .default_value = 0.99,
     .max = 1,
     .help = "smoothing constant of the running mean of squared gradients"},
    {.name = "eps",
     .kind = ARG_REAL,
     .default_value = 1e-8,
     .min = OPTIM_EPS_MIN,
     .max = 1,
     .help = "added to the denominator for numerical stability"},
    {.name = "momentum", .kind = ARG_REAL, .max = 1, .help = "momentum factor"},
    {.name = "centered",
     .kind = ARG_BOOL,
     .help = "normalise by an estimate of the gradient variance (centered RMSprop)"},
    {.name = "weight_decay",
     .kind = ARG_REAL,
     .max = 1e6,
     .help = "L2 penalty: adds weight_decay * w to the gradient"},
    ARG_END,
};

enum { SQUARE, BUFFER, MEAN };

/* Tieleman and Hinton, "Lecture 6.5: RMSProp" (2012), in the form of torch.optim.RMSprop:
 *     g = grad + weight_decay * w;  v += (1 - alpha) * (g * g - v)
 *     centered: m += (1 - alpha) * (g - m), and v - m * m in the place of v below
 *     b = momentum * b + g / (sqrt(v) + eps);  w -= lr * b
 * The loop reads only the slots that it needs. v - m * m is a variance: where rounding makes it negative,
 * PyTorch returns NaN; here it is 0. */
static inline __attribute__((always_inline)) void
rmsprop_sweep(const struct optim_step *s, bool centered, bool has_momentum, int64_t count,
              float *restrict params, const float *restrict grads, float *const slots[OPTIM_SLOTS])
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
        if (has_momentum) direction = buffer[i] = momentum * buffer[i] + direction;
        params[i] -= lr * direction;
    }
}

LOOP_BODY void rmsprop_update_body(const struct optim_step *s, int64_t count, float *params,
                                   const float *grads, float *const slots[OPTIM_SLOTS])
{
    bool centered = s->args[CENTERED] != 0, has_momentum = s->args[MOMENTUM] > 0;
    if (centered && has_momentum)
        rmsprop_sweep(s, true, true, count, params, grads, slots);
    else if (centered)
        rmsprop_sweep(s, true, false, count, params, grads, slots);
    else if (has_momentum)
        rmsprop_sweep(s, false, true, count, params, grads, slots);
    else
        rmsprop_sweep(s, false, false, count, params, grads, slots);
}
OPTIM_UPDATE(rmsprop_update)

extern const struct optim_ops optim_rmsprop;
const struct optim_ops optim_rmsprop = {
    .name = "rmsprop",
    .help = "RMSprop, as torch.optim.RMSprop",
    .args = args,
    .decay_arg = WEIGHT_DECAY,
    .momentum_arg = MOMENTUM,
    .slots = 3,
    .slot_names = {"square_avg", "momentum_buffer", "grad_avg"},
    .update = rmsprop_update,
};
