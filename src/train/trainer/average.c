/* average.c - the running average of the weights: when it moves, and how far. */
#include "train/trainer/private.h"

bool trainer_averages(const struct trainer *t)
{
    return t->progress.averaged > 0;
}

/* Terms so far -> the decay of the next one; with a warm-up (1 + n) / (10 + n) if that is less. */
static double average_find_decay(const struct config *c, int64_t averaged)
{
    double n = (double)averaged, warm = (1 + n) / (10 + n);
    return c->ema_warmup && warm < c->ema ? warm : c->ema;
}

/* torch.optim.swa_utils.AveragedModel: the first term is a copy; then get_ema_avg_fn, or an equal average. */
double trainer_find_average_move(const struct trainer *t, bool skipped)
{
    const struct config *c = t->config;
    const struct progress *p = &t->progress;
    bool ends_epoch = p->position + c->batch >= t->info.train_samples;
    if (c->ema > 0) {
        if (skipped || (p->updates + 1) % c->ema_every != 0) return 0;
        return p->averaged == 0 ? 1 : 1 - average_find_decay(c, p->averaged);
    }
    if (c->swa == 0 || !ends_epoch || p->epoch + 1 < c->swa) return 0;
    return 1 / ((double)p->averaged + 1);
}

const float *trainer_share_weights(struct trainer *t)
{
    return trainer_averages(t) ? sync_share_slot(t->sync, t->config->optim->slots) : sync_params(t->sync);
}
