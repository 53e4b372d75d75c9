/* adam_parts.c - what the optimizers of Adam's family derive once a step. */
#include "optim/optimizers/adam_parts.h"

#include <math.h>

void adam_parts_derive(struct optim_step *s)
{
    double steps = (double)s->step + 1;
    s->derived[ADAM_STEP_SIZE] = (float)(s->lr / (1 - pow(s->args[ADAM_BETA1], steps)));
    s->derived[ADAM_ROOT_SCALE] = (float)(1 / sqrt(1 - pow(s->args[ADAM_BETA2], steps)));
}

/* Kingma and Ba, "Adam" (2015), in the form of torch.optim.Adam:
 *     m += (1 - beta1) * (g - m);  v += (1 - beta2) * (g * g - v)
 *     w -= lr / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + eps)
 * Means are moved by a difference, so that a mean of equal values keeps exactly that value. */
KERNELS_CLONED
void adam_parts_update(const struct optim_step *s, float decay, float keep, int64_t count,
                       float *restrict params, const float *restrict grads, float *const slots[OPTIM_SLOTS])
{
    float move1 = (float)(1 - s->args[ADAM_BETA1]), move2 = (float)(1 - s->args[ADAM_BETA2]);
    float eps = (float)s->args[ADAM_EPS], scale = s->grad_scale;
    float size = s->derived[ADAM_STEP_SIZE], root_scale = s->derived[ADAM_ROOT_SCALE];
    float *restrict mean = slots[0], *restrict square = slots[1];
    for (int64_t i = 0; i < count; i++) {
        float g = grads[i] * scale + decay * params[i];
        mean[i] += move1 * (g - mean[i]);
        square[i] += move2 * (g * g - square[i]);
        params[i] = params[i] * keep - size * mean[i] / (__builtin_sqrtf(square[i]) * root_scale + eps);
    }
}
