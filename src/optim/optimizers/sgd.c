#include "optim/optim.h"

enum { LR, MOMENTUM, DAMPENING, WEIGHT_DECAY, NESTEROV, DECOUPLED };
static const struct arg args[] = {
    {"lr", ARG_REAL, 0.01, 0, 1e6, "learning rate"},
    {"momentum", ARG_REAL, 0, 0, 1, "share of the last step's direction that is kept"},
    {"dampening", ARG_REAL, 0, 0, 1,
     "with momentum, takes this share away from every gradient but the first"},
    {"weight_decay", ARG_REAL, 0, 0, 1e6, "adds this times the weight to its gradient"},
    {"nesterov", ARG_BOOL, 0, 0, 1, "look ahead along the momentum"},
    {"decoupled", ARG_BOOL, 0, 0, 1, "shrinks a weight by lr times weight_decay instead, as AdamW"},
    ARG_END,
};

enum { SHARE };

static enum status check(const double *values)
{
    if (values[NESTEROV] == 0 || (values[MOMENTUM] > 0 && values[DAMPENING] == 0)) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "nesterov needs a momentum above 0 and no dampening");
}

/* PyTorch makes the first buffer of the gradient itself, and has none without momentum. */
static void derive(struct optim_step *s)
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
    .slots = 1,
    .slot_names = {"momentum_buffer"},
    .check = check,
    .derive = derive,
    .update = sgd_update,
};
