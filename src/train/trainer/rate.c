/* rate.c - learning rate and momentum of a step. */
#include <math.h>

#include "train/trainer/private.h"

/* Whether the step belongs to the epochs whose rate is annealed to train.swa_lr. */
static bool rate_is_annealed(const struct trainer *t)
{
    const struct config *c = t->config;
    return c->swa > 0 && c->swa_lr > 0 && t->progress.epoch + 1 >= c->swa;
}

/* There the schedule stays where the first of these epochs begins. */
static struct schedule_point rate_find_point(const struct trainer *t)
{
    const struct trainer_info *i = &t->info;
    int64_t step = rate_is_annealed(t) ? (t->config->swa - 1) * i->steps_per_epoch : t->progress.step;
    return (struct schedule_point){step, i->steps_per_epoch, i->total_steps};
}

/* torch.optim.swa_utils.SWALR, stepped after each epoch: the share of swa_lr in the rate. */
static double rate_find_share(const struct config *c, int64_t epoch)
{
    const double pi = 3.14159265358979323846;
    double time = c->swa_anneal_epochs > 0 ? (double)(epoch + 1 - c->swa) / (double)c->swa_anneal_epochs : 1;
    if (time > 1) time = 1;
    return c->swa_anneal == ANNEAL_LINEAR ? time : (1 - cos(pi * time)) / 2;
}

double trainer_find_rate(const struct trainer *t)
{
    const struct config *c = t->config;
    struct schedule_point at = rate_find_point(t);
    double rate =
        schedule_rate(c->schedule, &c->schedule_args, &t->progress.schedule, c->optim_args.of[0], &at);
    if (!rate_is_annealed(t)) return rate;
    double share = rate_find_share(c, t->progress.epoch);
    return c->swa_lr * share + rate * (1 - share);
}

bool trainer_observes(const struct trainer *t)
{
    return !rate_is_annealed(t);
}

void trainer_set_momentum(const struct trainer *t, struct update_step *step)
{
    const struct config *c = t->config;
    struct schedule_point at = rate_find_point(t);
    step->sets_momentum = schedule_cycles_momentum(c->schedule, &c->schedule_args);
    if (step->sets_momentum) step->momentum = schedule_momentum(c->schedule, &c->schedule_args, &at);
}
