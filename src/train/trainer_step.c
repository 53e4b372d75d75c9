#include <math.h>

#include "ddp/clock.h"
#include "ddp/order.h"
#include "train/trainer_private.h"

/* The samples of virtual rank v in the batch at `position`: its fixed slice, cut at the end of the epoch. */
static void choose_samples(struct trainer *t, const struct order *order, int64_t position, int64_t v)
{
    int64_t first = position + v * t->info.slice, left = t->info.train_samples - first;
    t->batch.live = left < 0 ? 0 : left < t->info.slice ? left : t->info.slice;
    for (int64_t i = 0; i < t->batch.live; i++) t->batch.samples[i] = order_at(order, first + i);
}

/* Forward and backward pass of one virtual rank. */
static void run_virtual_rank(struct trainer *t, const struct order *order, int64_t position, int64_t v)
{
    double start = clock_seconds();
    choose_samples(t, order, position, v);
    batch_load(&t->batch, t->train, &t->normal, model_input(t->model));
    double loaded = clock_seconds();

    struct pass pass = {.params = sync_params(t->sync),
                        .grads = sync_leaf(t->sync),
                        .seed = (uint64_t)t->config->seed,
                        .step = (uint64_t)t->step,
                        .first_sample = v * t->info.slice,
                        .lanes = t->batch.lanes,
                        .leaves = 1,
                        .training = true};
    const float *logits = model_forward(t->model, &pass);
    struct loss_sums sums =
        batch_loss(&t->batch, t->config->loss, t->config->loss_args, logits,
                   shape_features(model_output_shape(t->model)), model_output_grad(t->model));
    model_backward(t->model, &pass);
    double computed = clock_seconds();

    sync_leaf_done(t->sync, &sums);
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
    for (int v = sync_first_leaf(t->sync); v < sync_end_leaf(t->sync); v++)
        run_virtual_rank(t, order, position, v);

    double start = clock_seconds();
    *sums = sync_collect(t->sync);
    if (!isfinite(sums->loss))
        return status_fail(STATUS_DIVERGED,
                           "epoch %lld, step %lld: the loss is %f; lower optim.lr (now %g) or warm up longer",
                           (long long)epoch, (long long)t->step + 1, sums->loss, lr);

    struct update update = {.ops = t->config->optim,
                            .step = {.args = t->config->optim_args,
                                     .lr = lr,
                                     .step = t->step,
                                     .grad_scale = (float)(1 / sums->weight)}};
    sync_apply(t->sync, apply_update, &update);
    t->sync_seconds += clock_seconds() - start;
    t->step++;
    return STATUS_OK;
}
