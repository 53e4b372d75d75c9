/* trainer_run.c - the loop: epochs, events, evaluations, checkpoints. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ddp/clock.h"
#include "ddp/log.h"
#include "ddp/mem.h"
#include "ddp/order.h"
#include "ddp/trace.h"
#include "train/checkpoint_private.h"
#include "train/trainer_private.h"
#include "train/watch.h"

#define PATH_SIZE 4096
#define NAME_SIZE 32 /* of a file in the folder */

/* One run of the loop. */
struct run {
    struct trainer *t;
    const struct observer *observer;
    const char *checkpoint_dir;
    double train_seconds; /* finished epochs, evaluation excluded */
    int64_t train_samples;
    struct epoch_event epoch;
    struct eval_event eval;
    struct watch best, stop;
    bool is_best, stopping; /* what the last epoch was; whether it shall be the last one */
};

static bool is_root(const struct run *r)
{
    return comm_rank(r->t->comm) == 0;
}

static double rate_of_step(const struct trainer *t)
{
    struct schedule_point at = {t->step, t->info.steps_per_epoch, t->info.total_steps};
    return schedule_rate(t->config->schedule, &t->config->schedule_args, &t->schedule,
                         t->config->optim_args.of[0], &at);
}

/* NaN where there is none: no valid target. */
static double mean_loss(const struct trainer *t, const struct loss_sums *sums)
{
    double divisor = loss_divisor(&t->loss, sums);
    return divisor > 0 ? sums->loss / divisor : NAN;
}

/* NaN where nothing is right or wrong: real values, and no valid target. */
static double share_right(const struct trainer *t, const struct loss_sums *sums)
{
    if (loss_task(&t->loss) == TASK_VALUES || sums->valid == 0) return NAN;
    return (double)sums->correct / (double)sums->valid;
}

static void tell_step(const struct run *r, int64_t epoch, int64_t in_epoch, double epoch_start, double lr,
                      const struct loss_sums *sums, int64_t seen)
{
    const struct trainer *t = r->t;
    double seconds = clock_seconds() - epoch_start;
    struct step_event e = {.epoch = epoch,
                           .step = t->step,
                           .step_in_epoch = in_epoch,
                           .steps_per_epoch = t->info.steps_per_epoch,
                           .total_steps = t->info.total_steps,
                           .loss = mean_loss(t, sums),
                           .accuracy = share_right(t, sums),
                           .lr = lr,
                           .samples_per_second = (double)seen / seconds,
                           .data_seconds = t->data_seconds,
                           .compute_seconds = t->compute_seconds,
                           .sync_seconds = t->sync_seconds};
    double per_step = (r->train_seconds + seconds) / (double)t->step;
    e.eta_seconds = per_step * (double)(t->info.total_steps - t->step);
    r->observer->step(r->observer->self, &e);
}

/* Steps that were skipped for their numbers do not count, but took time. */
static void add_sums(struct loss_sums *total, const struct loss_sums *sums)
{
    total->count += sums->count;
    if (sums->bad) return;
    total->loss += sums->loss;
    total->weight += sums->weight;
    total->correct += sums->correct;
    total->valid += sums->valid;
}

static enum status train_epoch(struct run *r, int64_t epoch)
{
    struct trainer *t = r->t;
    struct order order =
        order_make((uint64_t)t->config->seed, (uint64_t)epoch, t->info.train_samples, t->config->shuffle);
    struct loss_sums total = {0}, sums;
    double start = clock_seconds(), lr = 0;
    int64_t bad = t->bad_steps, empty = t->empty_steps;
    t->data_seconds = t->compute_seconds = t->sync_seconds = 0;

    for (int64_t i = 0; i < t->info.steps_per_epoch; i++) {
        lr = rate_of_step(t);
        if (t->timeline) timeline_before_step(t->timeline, t->step);
        double begin = trace_begin();
        TRY(trainer_step(t, &order, epoch, i * t->config->batch, lr, &sums));
        trace_end(begin, TRACE_STEP, "step", t->step - 1);
        add_sums(&total, &sums);
        if (is_root(r)) tell_step(r, epoch, i + 1, start, lr, &sums, total.count);
    }

    double seconds = clock_seconds() - start;
    r->train_seconds += seconds;
    r->train_samples += total.count;
    r->epoch = (struct epoch_event){.epoch = epoch,
                                    .epochs = t->config->epochs,
                                    .step = t->step,
                                    .loss = mean_loss(t, &total),
                                    .accuracy = share_right(t, &total),
                                    .lr = lr,
                                    .seconds = seconds,
                                    .samples_per_second = (double)total.count / seconds,
                                    .bad_steps = t->bad_steps - bad,
                                    .empty_steps = t->empty_steps - empty,
                                    .data_seconds = t->data_seconds,
                                    .compute_seconds = t->compute_seconds,
                                    .sync_seconds = t->sync_seconds};
    if (is_root(r)) r->observer->epoch(r->observer->self, &r->epoch);
    return STATUS_OK;
}

static enum status evaluate(struct run *r, int64_t epoch)
{
    struct trainer *t = r->t;
    if (!t->val) return STATUS_OK;
    r->eval = (struct eval_event){.split = "val", .epoch = epoch, .step = t->step};
    double begin = trace_begin();
    bool traced = trace_pause(); /* the room for events is that of steps */
    TRY(evaluation_run(&t->evaluation, sync_params(t->sync), &r->eval));
    trace_resume(traced);
    trace_end(begin, TRACE_PHASE, "evaluation", 0);
    if (is_root(r)) r->observer->eval(r->observer->self, &r->eval);
    return STATUS_OK;
}

static void tell_stop(const struct watch *w)
{
    const char *plural = w->stale == 1 ? "" : "s";
    if (w->has_best)
        log_info("early stop: %s was not better than %.6g for %lld epoch%s", w->metric, w->best,
                 (long long)w->stale, plural);
    else
        log_info("early stop: %s was not a number for %lld epoch%s", w->metric, (long long)w->stale, plural);
}

/* What the epoch's figures decide, on every rank alike. */
static void decide(struct run *r)
{
    struct trainer *t = r->t;
    const struct config *c = t->config;
    const struct eval_event *eval = t->val ? &r->eval : NULL;
    double value;
    bool lower;
    r->is_best = watch_epoch(&r->best, &r->epoch, eval);
    if (watch_value(c->schedule_metric, &r->epoch, eval, &value, &lower))
        schedule_observe(c->schedule, &c->schedule_args, &t->schedule, value, !lower);
    watch_epoch(&r->stop, &r->epoch, eval);
    r->stopping = *c->early_stop && r->epoch.epoch < c->epochs && r->stop.stale >= c->patience;
    if (r->stopping && is_root(r)) tell_stop(&r->stop);
}

/* What an epoch leaves behind. */
struct outcome {
    int64_t epoch;
    bool best, last, regular;
};

static enum status save_as(const struct run *r, const char *name, const struct checkpoint_state *state)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", r->checkpoint_dir, name);
    return checkpoint_save(path, state);
}

static void epoch_name(char name[NAME_SIZE], int64_t epoch)
{
    snprintf(name, NAME_SIZE, "epoch-%04lld.h5", (long long)epoch);
}

/* Removes the checkpoint that checkpoint.keep makes superfluous. */
static enum status remove_outdated(const struct run *r, int64_t epoch)
{
    const struct config *c = r->t->config;
    char path[PATH_SIZE], name[NAME_SIZE];
    int64_t outdated = epoch - c->checkpoint_keep * c->checkpoint_every_epochs;
    if (c->checkpoint_keep == 0 || outdated <= 0) return STATUS_OK;
    epoch_name(name, outdated);
    snprintf(path, sizeof path, "%s/%s", r->checkpoint_dir, name);
    if (unlink(path) != 0 && errno != ENOENT)
        return status_fail(STATUS_OTHER, "%s: cannot be removed: %s", path, strerror(errno));
    return STATUS_OK;
}

/* A step's loss is known before its update, so the last update must be looked at here: broken weights must not
 * replace healthy ones. */
static enum status check_weights(const struct checkpoint_state *state)
{
    for (int64_t i = 0; i < model_param_floats(state->model); i++)
        if (!isfinite(state->params[i]))
            return status_fail(STATUS_DIVERGED, "step %lld: a weight is %f; lower optim.lr or warm up longer",
                               (long long)state->step, (double)state->params[i]);
    return STATUS_OK;
}

/* Rank 0's part. */
static enum status save_files(const struct run *r, const struct outcome *o,
                              const struct checkpoint_state *state)
{
    char name[NAME_SIZE];
    TRY(check_weights(state));
    if (o->best) TRY(save_as(r, "best.h5", state));
    if (o->last) TRY(save_as(r, "final.h5", state));
    if (!o->regular) return STATUS_OK;
    epoch_name(name, o->epoch);
    TRY(save_as(r, name, state));
    return remove_outdated(r, o->epoch);
}

/* Slots come together on rank 0, which writes. Collective. */
static enum status save(struct run *r, int64_t epoch)
{
    struct trainer *t = r->t;
    int64_t every = t->config->checkpoint_every_epochs;
    struct outcome o = {
        .epoch = epoch, .best = r->is_best, .last = r->stopping || epoch == t->config->epochs};
    o.regular = !o.last && every > 0 && epoch % every == 0;
    if (!o.best && !o.last && !o.regular) return STATUS_OK;
    struct checkpoint_state state = {.config_text = t->config_text,
                                     .model = t->model,
                                     .params = sync_params(t->sync),
                                     .optim = t->config->optim,
                                     .normal = &t->normal,
                                     .targets = &t->targets,
                                     .kind = t->info.kind,
                                     .step = t->step,
                                     .epoch = epoch,
                                     .virtual_ranks = t->info.virtual_ranks,
                                     .seed = t->config->seed,
                                     .data_hash = t->data_hash};
    for (int i = 0; i < t->config->optim->slots; i++) state.slots[i] = sync_gather_slot(t->sync, i);
    return comm_agree(t->comm, is_root(r) ? save_files(r, &o, &state) : STATUS_OK);
}

static void tell_done(const struct run *r, double peak_bytes)
{
    const struct trainer *t = r->t;
    struct done_event e = {.accuracy = t->val ? r->eval.accuracy : r->epoch.accuracy,
                           .loss = t->val ? r->eval.loss : r->epoch.loss,
                           .seconds = r->train_seconds,
                           .samples_per_second =
                               r->train_seconds > 0 ? (double)r->train_samples / r->train_seconds : 0,
                           .peak_bytes = peak_bytes,
                           .weights_hash = checkpoint_weights_hash(t->model, sync_params(t->sync)),
                           .classes = r->eval.classes,
                           .confusion = r->eval.confusion};
    r->observer->done(r->observer->self, &e);
}

static enum status make_folder(const char *path)
{
    if (strlen(path) + 1 + NAME_SIZE > PATH_SIZE)
        return status_fail(STATUS_CONFIG, "%s: is too long a path", path);
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return STATUS_OK;
    return status_fail(STATUS_OTHER, "%s: cannot be made: %s", path, strerror(errno));
}

/* checkpoint.best; auto keeps none without a val set. */
static const char *best_metric(const struct trainer *t)
{
    const char *by = t->config->checkpoint_best;
    if (strcmp(by, "auto") != 0) return by;
    if (!t->val) return "";
    return loss_task(&t->loss) == TASK_VALUES ? "val.loss" : "val.accuracy";
}

enum status trainer_run(struct trainer *t, const struct observer *observer, const char *checkpoint_dir)
{
    struct run r = {.t = t,
                    .observer = observer,
                    .checkpoint_dir = checkpoint_dir,
                    .best = {.metric = best_metric(t)},
                    .stop = {.metric = t->config->early_stop, .min_delta = t->config->min_delta}};
    r.epoch.loss = r.epoch.accuracy = NAN; /* what is not measured is not 0 */
    TRY(comm_agree(t->comm, is_root(&r) ? make_folder(checkpoint_dir) : STATUS_OK));
    if (t->config->epochs == 0) {
        TRY(evaluate(&r, 0));
        decide(&r);
        TRY(save(&r, 0));
    }
    for (int64_t epoch = 1; epoch <= t->config->epochs && !r.stopping; epoch++) {
        TRY(train_epoch(&r, epoch));
        TRY(evaluate(&r, epoch));
        decide(&r);
        TRY(save(&r, epoch));
    }
    if (t->timeline) timeline_finish(t->timeline);
    double peak_bytes = comm_greatest(t->comm, mem_peak_bytes());
    if (is_root(&r)) tell_done(&r, peak_bytes);
    comm_barrier(t->comm);
    return STATUS_OK;
}
