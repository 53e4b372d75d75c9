#include "ddp/kernels.h"
#include "ddp/optim.h"

enum { LR, MOMENTUM, WEIGHT_DECAY, NESTEROV };
static const struct arg args[] = {
    {"lr", ARG_REAL, 0.01, 0, 1e6, "learning rate"},
    {"momentum", ARG_REAL, 0, 0, 1, "share of the last step's direction that is kept"},
    {"weight_decay", ARG_REAL, 0, 0, 1e6, "adds this times the weight to its gradient"},
    {"nesterov", ARG_BOOL, 0, 0, 1, "look ahead along the momentum"},
    ARG_END,
};

/* torch.optim.SGD with dampening 0:
 *     g = grad + weight_decay * w;  v = momentum * v + g;  w -= lr * (nesterov ? g + momentum * v : v)
 * v starts at zero, which makes the first v equal to g as in PyTorch. */
KERNELS_CLONED
static void update(const struct optim_step *s, int64_t count, float *restrict params,
                   const float *restrict grads, float *const slots[OPTIM_SLOTS])
{
    float lr = (float)s->lr, momentum = (float)s->args[MOMENTUM], decay = (float)s->args[WEIGHT_DECAY];
    float scale = s->grad_scale;
    float *restrict velocity = slots[0];
    if (s->args[NESTEROV] != 0) {
        for (int64_t i = 0; i < count; i++) {
            float g = grads[i] * scale + decay * params[i];
            velocity[i] = momentum * velocity[i] + g;
            params[i] -= lr * (g + momentum * velocity[i]);
        }
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        float g = grads[i] * scale + decay * params[i];
        velocity[i] = momentum * velocity[i] + g;
        params[i] -= lr * velocity[i];
    }
}

extern const struct optim_ops optim_sgd;
const struct optim_ops optim_sgd = {
    .name = "sgd",
    .help = "stochastic gradient descent with momentum, as torch.optim.SGD",
    .args = args,
    .slots = 1,
    .slot_names = {"momentum_buffer"},
    .update = update,
};
