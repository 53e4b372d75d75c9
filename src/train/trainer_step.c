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

/* Forward and backward pass of a group of virtual ranks. */
static void run_group(struct trainer *t, const struct order *order, int64_t position, struct tree_node group)
{
    struct batch *b = &t->batch;
    double start = clock_seconds(), traced = trace_begin();
    b->leaves = group.hi - group.lo;
    for (int64_t leaf = 0; leaf < b->leaves; leaf++)
        choose_samples(t, order, position, group.lo + leaf, leaf);
    batch_load(b, t->train, &t->normal, model_input(t->model));
    trace_end(traced, TRACE_PHASE, "data", 0);
    double loaded = clock_seconds();

    struct pass pass = {.params = sync_params(t->sync),
                        .grads = sync_gradient(t->sync),
                        .seed = (uint64_t)t->config->seed,
                        .step = (uint64_t)t->step,
                        .first_sample = group.lo * t->info.slice,
                        .slice = t->info.slice,
                        .lanes = b->leaves * b->lanes,
                        .leaves = b->leaves,
                        .training = true};
    const float *logits = model_forward(t->model, &pass);
    traced = trace_begin();
    batch_loss(b, t->config->loss, t->config->loss_args, logits, shape_features(model_output_shape(t->model)),
               model_output_grad(t->model));
    trace_end(traced, TRACE_PHASE, "loss", 0);
    model_backward(t->model, &pass);
    double computed = clock_seconds();

    traced = trace_begin();
    sync_group_done(t->sync, b->sums);
    trace_end(traced, TRACE_PHASE, "sum", 0);
    t->data_seconds += loaded - start;
    t->compute_seconds += computed - loaded;
    t->sync_seconds += clock_seconds() - computed;
}

struct update {
    const struct optim_ops *ops;
    struct optim_step step;
};

static void apply_update(void *self, int64_t count, float *params, const float *grads,
                         float *const slots[SYNC_SLOTS])
{
    const struct update *u = self;
    u->ops->update(&u->step, count, params, grads, slots);
}

enum status trainer_step(struct trainer *t, const struct order *order, int64_t epoch, int64_t position,
                         double lr, struct loss_sums *sums)
{
    for (struct tree_node group = sync_group(t->sync); group.lo < group.hi; group = sync_group(t->sync))
        run_group(t, order, position, group);

    double start = clock_seconds(), traced = trace_begin();
    *sums = sync_collect(t->sync);
    traced = trace_end(traced, TRACE_PHASE, "collect", 0);
    if (!isfinite(sums->loss))
        return status_fail(STATUS_DIVERGED,
                           "epoch %lld, step %lld: the loss is %f; lower optim.lr (now %g) or warm up longer",
                           (long long)epoch, (long long)t->step + 1, sums->loss, lr);

    const struct optim_ops *ops = t->config->optim;
    struct update update = {ops, optim_begin(ops, t->config->optim_args, lr, t->step, sums->weight)};
    sync_apply(t->sync, apply_update, &update);
    trace_end(traced, TRACE_PHASE, "update", 0);
    t->sync_seconds += clock_seconds() - start;
    t->step++;
    return STATUS_OK;
}
