/* adamw.c - AdamW: Adam with decoupled weight decay. */
#include "optim/optimizers/adam_parts.h"

static const struct arg args[] = {
    ADAM_ARGS(1e-8, 0.01, "decoupled weight decay: multiplies w by 1 - lr * weight_decay"), ARG_END};

LOOP_BODY void adamw_update_body(const struct optim_step *s, int64_t count, float *params,
                                 const float *grads, float *const slots[OPTIM_SLOTS])
{
    adam_move(s, 0, (float)(1 - s->lr * s->args[ADAM_WEIGHT_DECAY]), count, params, grads, slots);
}
OPTIM_UPDATE(adamw_update)

extern const struct optim_ops optim_adamw;
const struct optim_ops optim_adamw = {
    .name = "adamw",
    .help = "Adam with decoupled weight decay, as torch.optim.AdamW",
    .args = args,
    .decay_arg = ADAM_WEIGHT_DECAY,
    .momentum_arg = ADAM_BETA1,
    .slots = 2,
    .slot_names = {ADAM_SLOT_NAMES},
    .derive = adam_parts_derive,
    .update = adamw_update,
};
