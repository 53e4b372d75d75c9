#include <math.h>

#include "ddp/clock.h"
#include "ddp/order.h"
#include "ddp/trace.h"
#include "train/trainer_private.h"

/* The samples of virtual rank v in the batch at `position`: its fixed slice, cut at the end of the epoch. */
static void choose_samples(struct trainer *t, const struct order *order, int64_t position, int64_t v,
                           int64_t leaf)
{
    struct batch *b = &t->batch;
    int64_t first = position + v * t->info.slice, left = t->info.train_samples - first;
    b->live[leaf] = left < 0 ? 0 : left < t->info.slice ? left : t->info.slice;
    for (int64_t i = 0; i < b->live[leaf]; i++) b->samples[leaf * b->lanes + i] = order_at(order, first + i);
}

/* A step under way. */
struct step {
    struct trainer *t;
    const struct order *order;
    int64_t position;
    double lr;
    bool collected; /* sums and optim are there */
    struct loss_sums sums;
    struct optim_step optim;
    double early_seconds; /* spent in grads_ready */
};

static void use_sums(struct step *s, struct loss_sums sums)
{
    const struct config *c = s->t->config;
    s->collected = true;
    s->sums = sums;
    s->optim = optim_begin(c->optim, c->optim_args.of, s->lr, s->t->step, sums.weight);
}

static void update(void *self, int64_t count, float *params, const float *grads,
                   float *const slots[SYNC_SLOTS])
{
    const struct step *s = self;
    s->t->config->optim->update(&s->optim, count, params, grads, slots);
}

/* Between the layers of a backward pass: what all ranks have of the gradient is used at once. */
static void grads_ready(void *self, int64_t first, int64_t count)
{
    struct step *s = self;
    struct sync *sync = s->t->sync;
    double start = clock_seconds(), traced = trace_begin();
    sync_grads_ready(sync, first, count);
    struct loss_sums sums;
    if (!s->collected && sync_try_collect(sync, &sums)) use_sums(s, sums);
    if (s->collected && isfinite(s->sums.loss)) sync_try_apply(sync, update, s);
    trace_end(traced, TRACE_PHASE, "early update", 0);
    s->early_seconds += clock_seconds() - start;
}

/* The samples of a group of virtual ranks, and the model's input. */
static void load_group(struct step *s, struct tree_node group)
{
    struct trainer *t = s->t;
    double traced = trace_begin();
    t->batch.leaves = group.hi - group.lo;
    for (int64_t leaf = 0; leaf < t->batch.leaves; leaf++)
        choose_samples(t, s->order, s->position, group.lo + leaf, leaf);
    batch_load(&t->batch, t->train, &t->normal, model_input(t->model));
    trace_end(traced, TRACE_PHASE, "data", 0);
}

/* Forward and backward pass of the group. */
static void run_passes(struct step *s, const struct pass *pass)
{
    struct trainer *t = s->t;
    struct batch *b = &t->batch;
    const float *logits = model_forward(t->model, pass);
    double traced = trace_begin();
    batch_loss(b, &t->loss, logits, model_output_grad(t->model));
    sync_losses_ready(t->sync, b->sums);
    trace_end(traced, TRACE_PHASE, "loss", 0);
    model_backward(t->model, pass);
    traced = trace_begin();
    sync_group_done(t->sync);
    trace_end(traced, TRACE_PHASE, "sum", 0);
}

static void run_group(struct step *s, struct tree_node group)
{
    struct trainer *t = s->t;
    double start = clock_seconds(), early = s->early_seconds;
    load_group(s, group);
    double loaded = clock_seconds(), traced = trace_begin();
    struct pass_hooks hooks = {.grads_ready = grads_ready, .self = s};
    struct pass pass = {.params = sync_params(t->sync),
                        .grads = sync_gradient(t->sync),
                        .seed = (uint64_t)t->config->seed,
                        .step = (uint64_t)t->step,
                        .first_sample = group.lo * t->info.slice,
                        .slice = t->info.slice,
                        .lanes = t->batch.leaves * t->batch.lanes,
                        .leaves = t->batch.leaves,
                        .training = true,
                        .hooks = sync_wants_parts(t->sync) ? &hooks : NULL};
    trace_end(traced, TRACE_PHASE, "params", 0);
    double ready = clock_seconds();
    run_passes(s, &pass);
    double computed = clock_seconds();
    early = s->early_seconds - early;
    t->data_seconds += loaded - start;
    t->compute_seconds += computed - ready - early;
    t->sync_seconds += ready - loaded + early;
}

enum status trainer_step(struct trainer *t, const struct order *order, int64_t epoch, int64_t position,
                         double lr, struct loss_sums *sums)
{
    struct step s = {.t = t, .order = order, .position = position, .lr = lr};
    for (struct tree_node group = sync_group(t->sync); group.lo < group.hi; group = sync_group(t->sync))
        run_group(&s, group);

    double start = clock_seconds(), traced = trace_begin();
    if (!s.collected) use_sums(&s, sync_collect(t->sync));
    *sums = s.sums;
    traced = trace_end(traced, TRACE_PHASE, "collect", 0);
    if (!isfinite(sums->loss))
        return status_fail(STATUS_DIVERGED,
                           "epoch %lld, step %lld: the loss is %f; lower optim.lr (now %g) or warm up longer",
                           (long long)epoch, (long long)t->step + 1, sums->loss, lr);

    sync_apply(t->sync, update, &s);
    trace_end(traced, TRACE_PHASE, "update", 0);
    t->sync_seconds += clock_seconds() - start;
    t->step++;
    return STATUS_OK;
}
