/* step.c - one training step. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/system/clock.h"
#include "data/order.h"
#include "core/system/stop.h"
#include "core/system/trace.h"
#include "comm/activity.h"
#include "train/slices.h"
#include "train/trainer/private.h"

/* Chooses the samples of leaf `leaf` of the batch at `position`, as leaf `at` of the pass: its fixed slice,
 * cut at the end of the epoch. */
static void step_choose_samples(const struct trainer *t, struct batch *b, const struct order *order,
                                int64_t position, int64_t leaf, int64_t at)
{
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
    int64_t epoch; /* from 1 */
    int64_t position;
    int group_count;     /* passes that are under way */
    double wait_seconds; /* spent in step_send_grads and step_add_totals */
    double wait_cpu;     /* of that this thread computed */
};

/* When a wait began, by the clock and by the CPU time of this thread. */
struct step_wait {
    double seconds, cpu;
};

static struct step_wait step_begin_wait(void)
{
    return (struct step_wait){clock_seconds(), clock_thread()};
}

static void step_end_wait(struct step *s, struct step_wait begin)
{
    s->wait_seconds += clock_seconds() - begin.seconds;
    s->wait_cpu += clock_thread() - begin.cpu;
}

/* Called between layers of a backward pass: sends gradients to the other nodes. */
static void step_send_grads(void *self, int64_t first, int64_t count)
{
    struct step *s = self;
    struct step_wait wait = step_begin_wait();
    double traced = trace_begin();
    sync_grads_ready(s->t->sync, first, count);
    trace_end(traced, TRACE_PHASE, "send", 0);
    step_end_wait(s, wait);
}

/* Adds the records of all passes over the global batch. Collective. */
static const double *step_add_totals(struct step *s, int64_t count)
{
    struct step_wait wait = step_begin_wait();
    double traced = trace_begin();
    const double *totals = totals_add(&s->t->totals, count);
    trace_end(traced, TRACE_PHASE, "totals", 0);
    step_end_wait(s, wait);
    return totals;
}

/* Gathers the samples of a group of virtual ranks into the input of its model. */
static void step_load_group(struct step *s, struct trainer_group *g)
{
    struct trainer *t = s->t;
    double traced = trace_begin();
    g->batch->leaves = g->leaves.hi - g->leaves.lo;
    for (int64_t leaf = 0; leaf < g->batch->leaves; leaf++)
        step_choose_samples(t, g->batch, s->order, s->position, g->leaves.lo + leaf, leaf);
    const struct batch_augment augment = {&t->augment, s->epoch, s->order->ends != NULL, s->position};
    batch_load_augmented(g->batch, t->train, &t->normal, t->config->data.augment.count ? &augment : NULL,
                         model_input(g->model));
    trace_end(traced, TRACE_PHASE, "data", 0);
}

/* Finds where a pass became not finite. Keeps the first such place of this rank in a row of bad steps. */
static void step_find_culprit(struct trainer *t, const struct trainer_group *g)
{
    bool finite = true;
    for (int64_t leaf = 0; leaf < g->batch->leaves; leaf++)
        finite = finite && isfinite(g->batch->sums[leaf].loss);
    if (t->culprit[0] || (finite && !g->bad)) return;
    const struct layer *l = finite ? g->bad : model_first_bad(g->model, &g->pass);
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
    uint64_t requests = t->requests;
    if (dataset_status(t->train) != STATUS_OK) requests |= REQUEST_DATA;
    switch (stop_asked()) {
    case STATUS_REQUEUE:
        return requests | REQUEST_STOP;
    case STATUS_INTERRUPTED:
        return requests | REQUEST_INTERRUPT;
    default:
        return requests;
    }
}

static void step_begin_pass(struct step *s, struct trainer_group *g, const struct pass_hooks *hooks)
{
    struct trainer *t = s->t;
    g->bad = NULL;
    g->pass = (struct pass){.params = t->measured ? t->measured : sync_params(t->sync),
                            .grads = g->grads ? g->grads : sync_gradient(t->sync),
                            .seed = (uint64_t)t->config->seed,
                            .step = (uint64_t)t->progress.step,
                            .first_samples = g->batch->first,
                            .live = g->batch->live,
                            .lanes = batch_lanes(g->batch),
                            .leaves = g->batch->leaves,
                            .training = true,
                            .bad = &g->bad,
                            .hooks = g->grads || !sync_uses_ready(t->sync) ? NULL : hooks,
                            .records = t->totals.records,
                            .first_record = g->first_leaf};
}

/* Runs a part of all passes, up to where they need sums over the global batch. Returns the number of these;
 * 0 = the passes are at their end. */
static int64_t step_run_part(struct step *s, int64_t (*run)(struct model *m, struct pass *p, int *stage),
                             const double *totals)
{
    int64_t needed = 0;
    for (int i = 0; i < s->group_count; i++) {
        struct trainer_group *g = &s->t->groups[i];
        g->pass.totals = totals;
        needed = run(g->model, &g->pass, &g->stage);
    }
    return needed;
}

/* Runs all passes forward, or backward. Collective if the model needs sums. */
static void step_run_passes(struct step *s, int64_t (*run)(struct model *m, struct pass *p, int *stage))
{
    const double *totals = NULL;
    for (int64_t count; (count = step_run_part(s, run, totals)) > 0;) totals = step_add_totals(s, count);
}

/* Computes the losses of all passes and their gradient. Collective if the loss needs sums over the global
 * batch. */
static void step_compute_losses(struct step *s)
{
    struct trainer *t = s->t;
    const double *totals = NULL;
    double traced = trace_begin();
    for (int i = 0; t->fits->totals > 0 && i < s->group_count; i++) {
        const struct trainer_group *g = &t->groups[i];
        batch_measure(g->batch, t->fits, model_outputs(g->model, &g->pass),
                      t->totals.records + g->first_leaf * t->fits->totals);
    }
    if (t->fits->totals > 0) totals = step_add_totals(s, t->fits->totals);
    for (int i = 0; i < s->group_count; i++) {
        struct trainer_group *g = &t->groups[i];
        batch_loss(g->batch, t->fits, model_outputs(g->model, &g->pass), model_output_grad(g->model), totals);
        g->stage = model_last_stage(g->model);
    }
    trace_end(traced, TRACE_PHASE, "loss", 0);
}

/* Hands over gradient and sums of a pass. */
static void step_end_pass(struct step *s, struct trainer_group *g)
{
    struct trainer *t = s->t;
    double traced = trace_begin();
    step_find_culprit(t, g);
    if (g->grads)
        memcpy(sync_gradient(t->sync), g->grads, (size_t)model_param_floats(t->model) * sizeof *g->grads);
    sync_group_done(t->sync, g->batch->sums, (struct sync_requests){step_get_requests(t), g->bad != NULL});
    trace_end(traced, TRACE_PHASE, "sum", 0);
}

/* Whether there is anything to compute. Where passes need sums over the global batch, all of them take part. */
static bool step_has_samples(const struct step *s)
{
    int64_t samples = 0;
    for (int i = 0; i < s->group_count; i++) {
        const struct batch *b = s->t->groups[i].batch;
        for (int64_t leaf = 0; leaf < b->leaves; leaf++) samples += b->live[leaf];
    }
    return samples > 0 || s->t->totals.records != NULL;
}

/* What a pass without samples adds: zeros. */
static void step_add_nothing(struct step *s)
{
    struct trainer *t = s->t;
    struct batch *b = t->groups[0].batch;
    memset(sync_gradient(t->sync), 0, (size_t)model_param_floats(t->model) * sizeof(float));
    memset(b->sums, 0, (size_t)b->leaves * sizeof *b->sums);
}

/* Runs groups of virtual ranks at the same time: their samples in, forward, losses, backward, gradients out.
 */
static void step_run_groups(struct step *s)
{
    struct trainer *t = s->t;
    struct pass_hooks hooks = {.grads_ready = step_send_grads, .self = s};
    double start = clock_seconds(), waited = s->wait_seconds, waited_cpu = s->wait_cpu;
    activity_set_phase(ACTIVITY_READING);
    for (int i = 0; i < s->group_count; i++) step_load_group(s, &t->groups[i]);
    activity_set_phase(ACTIVITY_COMPUTING);
    double loaded = clock_seconds(), traced = trace_begin();
    for (int i = 0; i < s->group_count; i++) step_begin_pass(s, &t->groups[i], &hooks);
    trace_end(traced, TRACE_PHASE, "params", 0);
    double ready = clock_seconds(), cpu = clock_thread();
    for (int i = 0; i < s->group_count; i++) t->groups[i].stage = 0;
    if (step_has_samples(s)) {
        step_run_passes(s, model_forward_part);
        step_compute_losses(s);
        step_run_passes(s, model_backward_part);
        for (int i = 0; i < s->group_count; i++) t->leaves_timed += t->groups[i].batch->leaves;
    } else {
        step_add_nothing(s);
    }
    for (int i = 0; i < s->group_count; i++) step_end_pass(s, &t->groups[i]);
    double computed = clock_seconds();
    waited = s->wait_seconds - waited;
    stragglers_add_time(t, computed - ready - waited, clock_thread() - cpu - (s->wait_cpu - waited_cpu));
    t->data_seconds += loaded - start;
    t->compute_seconds += computed - ready - waited;
    t->sync_seconds += ready - loaded + waited;
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

/* Samples of the batch at `position` of an epoch. */
static int64_t step_count_samples(const struct trainer *t, int64_t position)
{
    int64_t left = t->info.train_samples - position;
    return left < t->config->batch ? left : t->config->batch;
}

enum status trainer_prepare_data(struct trainer *t)
{
    struct tree_node mine = tree_range((int)t->info.leaves, comm_rank(t->comm), comm_size(t->comm));
    int64_t batch = t->config->batch;
    return dataset_prepare(t->train, t->comm,
                           &(struct store_plan){.batch = batch,
                                                .begin = slices_begin(batch, t->info.leaves, mine.lo),
                                                .end = slices_begin(batch, t->info.leaves, mine.hi)});
}

enum status trainer_step(struct trainer *t, const struct order *order, int64_t epoch, int64_t position,
                         double lr, struct step_result *result)
{
    struct step s = {.t = t, .order = order, .epoch = epoch, .position = position};
    dataset_expect(t->train, order, position);
    while ((s.group_count = groups_choose(t)) > 0) step_run_groups(&s);

    double start = clock_seconds(), traced = trace_begin();
    activity_set_phase(ACTIVITY_UPDATING);
    result->requests = sync_collect(t->sync, &result->sums);
    traced = trace_end(traced, TRACE_PHASE, "collect", 0);
    result->requests.bad_passes += !isfinite(result->sums.loss);
    if (result->requests.bits & REQUEST_DATA) {
        sync_skip(t->sync);
        return STATUS_OK;
    }
    if (t->measured) {
        update_apply_statistics(&t->update, t->measured_share, step_count_samples(t, position));
        return STATUS_OK;
    }
    double divisor = loss_divisor(t->fits, &result->sums);
    bool bad = result->requests.bad_passes > 0, skip = bad || divisor == 0;
    struct update_step step = {.lr = lr,
                               .number = t->progress.updates,
                               .divisor = divisor,
                               .samples = step_count_samples(t, position)};
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
