/* step.c - one training step. */
#include <math.h>
#include <stdio.h>

#include "core/system/clock.h"
#include "data/order.h"
#include "core/system/stop.h"
#include "core/system/trace.h"
#include "comm/activity.h"
#include "train/slices.h"
#include "train/trainer/private.h"

/* Chooses the samples of leaf `leaf` of the batch at `position`, as leaf `at` of the pass: its fixed slice,
 * cut at the end of the epoch. */
static void step_choose_samples(struct trainer *t, const struct order *order, int64_t position, int64_t leaf,
                                int64_t at)
{
    struct batch *b = &t->batch;
    int64_t begin = slices_begin(t->config->batch, t->info.leaves, leaf);
    int64_t end = slices_begin(t->config->batch, t->info.leaves, leaf + 1);
    int64_t left = t->info.train_samples - position; /* of the epoch */
    if (end > left) end = left;
    b->first[at] = begin;
    b->live[at] = end > begin ? end - begin : 0;
    for (int64_t i = 0; i < b->live[at]; i++)
        b->samples[at * b->lanes + i] = order_at(order, position + begin + i);
}

/* A step in progress. */
struct step {
    struct trainer *t;
    const struct order *order;
    int64_t position;
    double hook_seconds; /* spent in step_send_grads */
};

/* Called between layers of a backward pass: sends gradients to the other nodes. */
static void step_send_grads(void *self, int64_t first, int64_t count)
{
    struct step *s = self;
    double start = clock_seconds(), traced = trace_begin();
    sync_grads_ready(s->t->sync, first, count);
    trace_end(traced, TRACE_PHASE, "send", 0);
    s->hook_seconds += clock_seconds() - start;
}

/* Gathers the samples of a group of virtual ranks into the input of the model. */
static void step_load_group(struct step *s, struct tree_node group)
{
    struct trainer *t = s->t;
    double traced = trace_begin();
    t->batch.leaves = group.hi - group.lo;
    for (int64_t leaf = 0; leaf < t->batch.leaves; leaf++)
        step_choose_samples(t, s->order, s->position, group.lo + leaf, leaf);
    batch_load(&t->batch, t->train, &t->normal, model_input(t->model));
    trace_end(traced, TRACE_PHASE, "data", 0);
}

/* Finds where a pass became not finite. Keeps the first such place of this rank in a row of bad steps. */
static void step_find_culprit(struct trainer *t, const struct pass *pass, const struct layer *backward)
{
    bool finite = true;
    for (int64_t leaf = 0; leaf < t->batch.leaves; leaf++)
        finite = finite && isfinite(t->batch.sums[leaf].loss);
    if (t->culprit[0] || (finite && !backward)) return;
    const struct layer *l = finite ? backward : model_first_bad(t->model, pass);
    t->culprit_step = t->progress.step;
    if (l)
        snprintf(t->culprit, sizeof t->culprit, "the %s of model.layers[%d] (%s)",
                 finite ? "gradient" : "output", l->index, l->ops->name);
    else
        snprintf(t->culprit, sizeof t->culprit, "the loss");
}

/* Signals are checked as late as possible: all ranks stop at the end of the step in which one arrives. */
static uint64_t step_get_requests(const struct trainer *t)
{
    switch (stop_asked()) {
    case STATUS_REQUEUE:
        return t->requests | REQUEST_STOP;
    case STATUS_INTERRUPTED:
        return t->requests | REQUEST_INTERRUPT;
    default:
        return t->requests;
    }
}

/* Runs the forward and backward pass of the group. */
static void step_run_passes(struct trainer *t, struct pass *pass)
{
    struct batch *b = &t->batch;
    const struct layer *bad = NULL;
    pass->bad = &bad;
    const float *logits = model_forward(t->model, pass);
    double traced = trace_begin();
    batch_loss(b, &t->loss, logits, model_output_grad(t->model), NULL);
    trace_end(traced, TRACE_PHASE, "loss", 0);
    model_backward(t->model, pass);
    traced = trace_begin();
    step_find_culprit(t, pass, bad);
    sync_group_done(t->sync, b->sums, (struct sync_requests){step_get_requests(t), bad != NULL});
    trace_end(traced, TRACE_PHASE, "sum", 0);
}

static void step_run_group(struct step *s, struct tree_node group)
{
    struct trainer *t = s->t;
    double start = clock_seconds(), hook = s->hook_seconds;
    activity_set_phase(ACTIVITY_READING);
    step_load_group(s, group);
    activity_set_phase(ACTIVITY_COMPUTING);
    double loaded = clock_seconds(), traced = trace_begin();
    struct pass_hooks hooks = {.grads_ready = step_send_grads, .self = s};
    struct pass pass = {.params = sync_params(t->sync),
                        .grads = sync_gradient(t->sync),
                        .seed = (uint64_t)t->config->seed,
                        .step = (uint64_t)t->progress.step,
                        .first_samples = t->batch.first,
                        .live = t->batch.live,
                        .lanes = t->batch.leaves * t->batch.lanes,
                        .leaves = t->batch.leaves,
                        .training = true,
                        .hooks = sync_uses_ready(t->sync) ? &hooks : NULL};
    trace_end(traced, TRACE_PHASE, "params", 0);
    double ready = clock_seconds();
    step_run_passes(t, &pass);
    double computed = clock_seconds();
    hook = s->hook_seconds - hook;
    t->data_seconds += loaded - start;
    t->compute_seconds += computed - ready - hook;
    t->sync_seconds += ready - loaded + hook;
}

/* Returns whether this rank is among those with the first bad pass. Collective. */
static bool step_was_first(struct trainer *t)
{
    double ago = t->culprit[0] ? (double)(t->progress.step - t->culprit_step) : -1;
    return comm_max(t->comm, ago) == ago && ago >= 0;
}

/* Counts a bad step; too many in a row end the run. Collective. */
static enum status step_count_bad(struct trainer *t, int64_t epoch, double lr)
{
    t->progress.bad_steps++;
    if (++t->progress.bad_in_a_row < t->config->max_bad_steps) return STATUS_OK;
    enum status mine = STATUS_OK;
    if (step_was_first(t))
        mine = status_fail(STATUS_DIVERGED,
                           "epoch %lld, step %lld: loss or gradient not finite in %lld step%s in a row "
                           "(train.max_bad_steps); "
                           "first in %s; lower optim.lr (now %g), warm up longer or set train.clip_norm",
                           (long long)epoch, (long long)t->progress.step, (long long)t->progress.bad_in_a_row,
                           t->progress.bad_in_a_row == 1 ? "" : "s", t->culprit, lr);
    TRY(comm_agree(t->comm, mine));
    return status_fail(STATUS_DIVERGED,
                       "epoch %lld, step %lld: the sum of all losses is not finite; lower optim.lr",
                       (long long)epoch, (long long)t->progress.step); /* although each loss is */
}

enum status trainer_step(struct trainer *t, const struct order *order, int64_t epoch, int64_t position,
                         double lr, struct step_result *result)
{
    struct step s = {.t = t, .order = order, .position = position};
    for (struct tree_node group = sync_group(t->sync); group.lo < group.hi; group = sync_group(t->sync))
        step_run_group(&s, group);

    double start = clock_seconds(), traced = trace_begin();
    activity_set_phase(ACTIVITY_UPDATING);
    result->requests = sync_collect(t->sync, &result->sums);
    traced = trace_end(traced, TRACE_PHASE, "collect", 0);
    result->requests.bad_passes += !isfinite(result->sums.loss);
    double divisor = loss_divisor(&t->loss, &result->sums);
    bool bad = result->requests.bad_passes > 0, skip = bad || divisor == 0;
    struct update_step step = {
        .lr = lr, .number = t->progress.updates, .divisor = divisor, .samples = result->sums.count};
    trainer_set_momentum(t, &step);
    step.average_move = trainer_find_average_move(t, skip);
    t->progress.updates += !skip;
    t->progress.averaged += step.average_move > 0;
    if (!skip)
        update_apply(&t->update, &step);
    else if (step.average_move > 0)
        update_apply_average(&t->update, step.average_move);
    else
        sync_skip(t->sync);
    trace_end(traced, TRACE_PHASE, "update", 0);
    t->sync_seconds += clock_seconds() - start;
    t->steps_timed++;
    activity_set_step(++t->progress.step);
    if (bad) return step_count_bad(t, epoch, lr);
    t->progress.empty_steps += skip;
    if (skip) return STATUS_OK; /* it tells nothing about the weights */
    t->progress.bad_in_a_row = 0;
    t->culprit[0] = '\0';
    return STATUS_OK;
}
