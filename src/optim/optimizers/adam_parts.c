/* adam_parts.c - what the optimizers of Adam's family derive once a step. */
#include "optim/optimizers/adam_parts.h"

#include <math.h>

void adam_parts_derive(struct optim_step *s)
{
    double steps = (double)s->step + 1;
    s->derived[ADAM_STEP_SIZE] = (float)(s->lr / (1 - pow(s->args[ADAM_BETA1], steps)));
    s->derived[ADAM_ROOT_SCALE] = (float)(1 / sqrt(1 - pow(s->args[ADAM_BETA2], steps)));
}
