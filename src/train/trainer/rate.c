/* rate.c - learning rate and momentum of a step. */
#include "train/trainer/private.h"

static struct schedule_point rate_find_point(const struct trainer *t)
{
    return (struct schedule_point){t->progress.step, t->info.steps_per_epoch, t->info.total_steps};
}

double trainer_find_rate(const struct trainer *t)
{
    const struct config *c = t->config;
    struct schedule_point at = rate_find_point(t);
    return schedule_rate(c->schedule, &c->schedule_args, &t->progress.schedule, c->optim_args.of[0], &at);
}

void trainer_set_momentum(const struct trainer *t, struct update_step *step)
{
    const struct config *c = t->config;
    struct schedule_point at = rate_find_point(t);
    step->sets_momentum = schedule_cycles_momentum(c->schedule, &c->schedule_args);
    if (step->sets_momentum) step->momentum = schedule_momentum(c->schedule, &c->schedule_args, &at);
}
