/* sgd.c - stochastic gradient descent with momentum. */
#include "optim/optim.h"

enum { LR, MOMENTUM, DAMPENING, WEIGHT_DECAY, NESTEROV, DECOUPLED };
static const struct arg args[] = {
    {.name = "lr", .kind = ARG_REAL, .default_value = 0.01, .max = 1e6, .help = "learning rate"},
    {.name = "momentum", .kind = ARG_REAL, .max = 1, .help = "momentum factor"},
    {.name = "dampening",
     .kind = ARG_REAL,
     .max = 1,
     .help = "dampening for momentum, from the second step on"},
    {.name = "weight_decay",
     .kind = ARG_REAL,
     .max = 1e6,
     .help = "L2 penalty: adds weight_decay * w to the gradient"},
    {.name = "nesterov", .kind = ARG_BOOL, .help = "use Nesterov momentum"},
    {.name = "decoupled",
     .kind = ARG_BOOL,
     .help = "decoupled weight decay (as AdamW) instead of an L2 penalty"},
    ARG_END,
};

enum { SHARE };

static enum status sgd_check(const double *values)
{
    if (values[NESTEROV] == 0 || (values[MOMENTUM] > 0 && values[DAMPENING] == 0)) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "nesterov: needs momentum > 0 and dampening 0");
}

/* PyTorch sets the first momentum buffer to the gradient, and keeps no buffer without momentum. */
static void sgd_derive(struct optim_step *s)
{
    bool damped = s->step > 0 && s->args[MOMENTUM] != 0;
    s->derived[SHARE] = damped ? (float)(1 - s->args[DAMPENING]) : 1;
}

/* torch.optim.SGD:
 *     g = grad + weight_decay * w;  v = momentum * v + (1 - dampening) * g
 *     w -= lr * (nesterov ? g + momentum * v : v)
 * and, decoupled, Loshchilov and Hutter, "Decoupled weight decay regularization" (2019), in the form of
 * torch.optim.AdamW: g = grad, and w *= 1 - lr * weight_decay comes first. */
LOOP_BODY void sgd_update_body(const struct optim_step *s, int64_t count, float *restrict params,
                               const float *restrict grads, float *const slots[OPTIM_SLOTS])
{
    float lr = (float)s->lr, momentum = (float)s->args[MOMENTUM];
    float scale = s->grad_scale, share = s->derived[SHARE];
    bool decoupled = s->args[DECOUPLED] != 0;
    float decay = decoupled ? 0 : (float)s->args[WEIGHT_DECAY];
    float keep = decoupled ? (float)(1 - s->lr * s->args[WEIGHT_DECAY]) : 1;
    float *restrict velocity = slots[0];
    if (s->args[NESTEROV] != 0) {
        for (int64_t i = 0; i < count; i++) {
            float g = grads[i] * scale + decay * params[i];
            velocity[i] = momentum * velocity[i] + g;
            params[i] = params[i] * keep - lr * (g + momentum * velocity[i]);
        }
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        float g = grads[i] * scale + decay * params[i];
        velocity[i] = momentum * velocity[i] + share * g;
        params[i] = params[i] * keep - lr * velocity[i];
    }
}
OPTIM_UPDATE(sgd_update)

extern const struct optim_ops optim_sgd;
const struct optim_ops optim_sgd = {
    .name = "sgd",
    .help = "stochastic gradient descent with momentum, as torch.optim.SGD",
    .args = args,
    .decay_arg = WEIGHT_DECAY,
    .momentum_arg = MOMENTUM,
    .slots = 1,
    .slot_names = {"momentum_buffer"},
    .check = sgd_check,
    .derive = sgd_derive,
    .update = sgd_update,
};
