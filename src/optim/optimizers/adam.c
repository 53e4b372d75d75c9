/* adam.c - Adam. */
#include "optim/optimizers/adam_parts.h"

static const struct arg args[] = {ADAM_ARGS(1e-8, 0, "L2 penalty: adds weight_decay * w to the gradient"),
                                  ARG_END};

LOOP_BODY void adam_update_body(const struct optim_step *s, int64_t count, float *params,
                                const float *grads, float *const slots[OPTIM_SLOTS])
{
    adam_move(s, (float)s->args[ADAM_WEIGHT_DECAY], 1, count, params, grads, slots);
}
OPTIM_UPDATE(adam_update)

extern const struct optim_ops optim_adam;
const struct optim_ops optim_adam = {
    .name = "adam",
    .help = "Adam, as torch.optim.Adam",
    .args = args,
    .decay_arg = ADAM_WEIGHT_DECAY,
    .momentum_arg = ADAM_BETA1,
    .slots = 2,
    .slot_names = {ADAM_SLOT_NAMES},
    .derive = adam_parts_derive,
    .update = adam_update,
};
