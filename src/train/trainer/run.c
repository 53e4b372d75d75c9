/* run.c - the training loop: epochs, events, evaluation, checkpoints. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/system/clock.h"
#include "core/log.h"
#include "core/mem.h"
#include "data/order.h"
#include "core/system/stop.h"
#include "core/system/trace.h"
#include "comm/activity.h"
#include "train/checkpoint/private.h"
#include "train/saver/saver.h"
#include "train/trainer/stragglers.h"
#include "train/trainer/private.h"
#include "train/watch.h"

#define CAUSE_SIZE 128

/* State of the loop. */
struct run {
    struct trainer *t;
    const struct observer *observer;
    struct saver *saver;
    struct epoch_event epoch;
    struct eval_event eval;
    bool is_best;  /* the last epoch is the best so far */
    bool save_due; /* a checkpoint was due after the last step of the epoch: postponed to its end */
};

static bool run_is_root(const struct run *r)
{
    return comm_rank(r->t->comm) == 0;
}

/* NaN without valid targets. */
static double run_mean_loss(const struct trainer *t, const struct loss_sums *sums)
{
    double divisor = loss_divisor(&t->loss, sums);
    return divisor > 0 ? sums->loss / divisor : NAN;
}

/* NaN for real values and without valid targets. */
static double run_accuracy(const struct trainer *t, const struct loss_sums *sums)
{
    if (loss_task(&t->loss) == TASK_VALUES || sums->valid == 0) return NAN;
    return (double)sums->correct / (double)sums->valid;
}

static void run_report_step(const struct run *r, const struct loss_sums *sums)
{
    const struct trainer *t = r->t;
    const struct progress *p = &t->progress;
    struct step_event e = {.epoch = p->epoch + 1,
                           .step = p->step,
                           .step_in_epoch = p->step - p->epoch * t->info.steps_per_epoch,
                           .steps_per_epoch = t->info.steps_per_epoch,
                           .total_steps = t->info.total_steps,
                           .loss = run_mean_loss(t, sums),
                           .accuracy = run_accuracy(t, sums),
                           .lr = p->lr,
                           .samples_per_second = (double)p->seen.count / p->seconds,
                           .data_seconds = t->data_seconds,
                           .compute_seconds = t->compute_seconds,
                           .sync_seconds = t->sync_seconds};
    double per_step = (p->train_seconds + p->seconds) / (double)p->step;
    e.eta_seconds = per_step * (double)(t->info.total_steps - p->step);
    r->observer->step(r->observer->self, &e);
}

/* Steps that were skipped as not finite count only as samples. */
static void run_add_step(struct loss_sums *seen, const struct step_result *step)
{
    struct loss_sums skipped = {.count = step->sums.count};
    loss_sums_add(seen, step->requests.bad_passes > 0 ? &skipped : &step->sums);
}

/* Saves and ends the run. All ranks know that a rank requested it (`interrupted`: by the user); here all
 * learn which one and why. */
static enum status run_stop(struct run *r, bool interrupted)
{
    char cause[CAUSE_SIZE] = "on request";
    enum status status = comm_agree(r->t->comm, stop_asked());
    if (status != STATUS_OK)
        snprintf(cause, sizeof cause, "%s", status_text());
    else
        status = interrupted ? STATUS_INTERRUPTED : STATUS_REQUEUE;
    activity_set_phase(ACTIVITY_SAVING);
    return saver_stop(r->saver, status, cause);
}

/* Ends the run with an error of the data, saved up to here. Collective. */
static enum status run_save_and_fail(struct run *r, enum status status, bool saved)
{
    char what[STATUS_TEXT_SIZE / 2], why[STATUS_TEXT_SIZE / 2];
    snprintf(what, sizeof what, "%s", status_text());
    activity_set_phase(ACTIVITY_SAVING);
    if (!saved) TRY(saver_take(r->saver, SAVER_STEP));
    if (saver_finish(r->saver) == STATUS_OK)
        return status_fail(status, "%s (the run is saved up to here, step %lld)", what,
                           (long long)r->t->progress.step);
    snprintf(why, sizeof why, "%s", status_text());
    return status_fail(status, "%s (%s)", what, why);
}

/* When the run is saved, or an epoch ends, a changed data file ends the run. The data were read into memory
 * before, so the results up to here are valid and are saved. */
static enum status run_check_data(struct run *r, bool saved)
{
    enum status status = trainer_check_data(r->t);
    return status == STATUS_OK ? status : run_save_and_fail(r, status, saved);
}

/* Handles the requests of ranks and the checkpoints and checks that are due; the same on all ranks. After the
 * last step of an epoch a checkpoint is postponed to the end of the epoch; the end of the run is not. */
static enum status run_after_step(struct run *r, uint64_t requests)
{
    const struct progress *p = &r->t->progress;
    int64_t every = r->t->config->checkpoint_every_steps;
    saver_look(r->saver);
    int64_t check = r->t->config->check_every;
    if (check > 0 && p->step % check == 0) TRY(trainer_check(r->t));
    if ((requests & REQUEST_CORE) && !r->t->core.told) stragglers_report_core(r->t);
    if (requests & (REQUEST_STOP | REQUEST_INTERRUPT)) return run_stop(r, requests & REQUEST_INTERRUPT);
    bool due = (requests & REQUEST_SAVE) || (every > 0 && p->step % every == 0);
    bool ends = p->position == r->t->info.train_samples;
    if (ends) r->save_due = due;
    if (!due || ends) return STATUS_OK;
    activity_set_phase(ACTIVITY_SAVING);
    TRY(saver_take(r->saver, SAVER_STEP));
    return run_check_data(r, true);
}

/* The order of an epoch, from 1. */
static struct order run_get_order(const struct trainer *t, int64_t epoch)
{
    return dataset_order(t->train, (uint64_t)t->config->seed, (uint64_t)epoch, t->config->shuffle);
}

/* Features could not be read: the step changed nothing, and the run is saved as it is before it. Collective. */
static enum status run_stop_for_data(struct run *r)
{
    return run_save_and_fail(r, comm_agree(r->t->comm, dataset_status(r->t->train)), false);
}

/* Runs the remaining steps of the current epoch: all, some or none. */
static enum status run_steps_of_epoch(struct run *r)
{
    struct trainer *t = r->t;
    struct progress *p = &t->progress;
    struct order order = run_get_order(t, p->epoch + 1);
    double start = clock_seconds() - p->seconds;
    while (p->position < t->info.train_samples) {
        struct step_result result;
        p->lr = trainer_find_rate(t);
        if (t->timeline) timeline_before_step(t->timeline, p->step);
        double begin = trace_begin();
        TRY(trainer_step(t, &order, p->epoch + 1, p->position, p->lr, &result));
        trace_end(begin, TRACE_STEP, "step", p->step - 1);
        if (result.requests.bits & REQUEST_DATA) return run_stop_for_data(r);
        int64_t next = p->position + t->config->batch;
        p->position = next < t->info.train_samples ? next : t->info.train_samples;
        p->seconds = clock_seconds() - start;
        run_add_step(&p->seen, &result);
        activity_set_phase(ACTIVITY_REPORTING);
        if (run_is_root(r)) run_report_step(r, &result.sums);
        TRY(run_after_step(r, result.requests.bits));
    }
    if (p->epoch + 1 >= t->config->epochs) return STATUS_OK;
    order = run_get_order(t, p->epoch + 2); /* its first samples are read during the evaluation */
    dataset_expect(t->train, &order, 0);
    return STATUS_OK;
}

static enum status run_train_epoch(struct run *r)
{
    struct trainer *t = r->t;
    const struct progress *p = &t->progress;
    t->data_seconds = t->compute_seconds = t->sync_seconds = 0;
    t->steps_timed = t->leaves_timed = 0;
    r->save_due = false;
    progress_open_epoch(&t->progress);
    TRY(run_steps_of_epoch(r));
    r->epoch = (struct epoch_event){.epoch = p->epoch + 1,
                                    .epochs = t->config->epochs,
                                    .step = p->step,
                                    .loss = run_mean_loss(t, &p->seen),
                                    .accuracy = run_accuracy(t, &p->seen),
                                    .lr = p->lr,
                                    .seconds = p->seconds,
                                    .samples_per_second = (double)p->seen.count / p->seconds,
                                    .bad_steps = p->bad_steps,
                                    .empty_steps = p->empty_steps,
                                    .data_seconds = t->data_seconds,
                                    .compute_seconds = t->compute_seconds,
                                    .sync_seconds = t->sync_seconds};
    return stragglers_find(t, &r->epoch.ranks);
}

/* `epoch`: number of epochs the model was trained for. The averaged weights need their statistics also where
 * nothing is evaluated, for checkpoints. */
static enum status run_evaluate(struct run *r, int64_t epoch)
{
    struct trainer *t = r->t;
    double begin = trace_begin();
    bool traced = trace_pause(); /* the buffer of events is sized for steps */
    TRY(trainer_renew_statistics(t, epoch));
    activity_set_phase(ACTIVITY_EVALUATING);
    r->eval = (struct eval_event){.split = "val", .epoch = epoch, .step = t->progress.step};
    if (t->val) TRY(evaluation_run(&t->evaluation, trainer_share_weights(t), &r->eval));
    trace_resume(traced);
    trace_end(begin, TRACE_PHASE, "evaluation", 0);
    return STATUS_OK;
}

/* The epoch is reported after its evaluation: if that is stopped, or its samples cannot be read, both are repeated
 * when the run resumes. */
static enum status run_evaluate_epoch(struct run *r)
{
    enum status status = run_evaluate(r, r->t->progress.epoch + 1);
    if (status_is_stop(status)) return run_stop(r, status == STATUS_INTERRUPTED);
    if (status == STATUS_DATA) return run_save_and_fail(r, status, false);
    if (run_is_root(r)) r->observer->epoch(r->observer->self, &r->epoch);
    if (status == STATUS_OK && r->t->val && run_is_root(r)) r->observer->eval(r->observer->self, &r->eval);
    return status;
}

/* A run of 0 epochs evaluates the initial model. */
static enum status run_evaluate_only(struct run *r)
{
    enum status status = run_evaluate(r, 0);
    if (status != STATUS_OK) return stop_unsaved(status, STOP_EARLY);
    if (r->t->val && run_is_root(r)) r->observer->eval(r->observer->self, &r->eval);
    return STATUS_OK;
}

static void run_report_early_stop(const struct watch *w)
{
    const char *plural = w->stale == 1 ? "" : "s";
    if (w->has_best)
        log_info("early stop: %s has not improved on %.6g for %lld epoch%s", w->metric, w->best,
                 (long long)w->stale, plural);
    else
        log_info("early stop: %s was not a number for %lld epoch%s", w->metric, (long long)w->stale, plural);
}

/* Decides from the figures of the epoch, the same on every rank: best epoch, schedule, early stop. */
static void run_decide(struct run *r)
{
    struct trainer *t = r->t;
    const struct config *c = t->config;
    struct progress *p = &t->progress;
    const struct eval_event *eval = t->val ? &r->eval : NULL;
    double value;
    bool lower;
    r->is_best = watch_epoch(&p->best, &r->epoch, eval);
    if (trainer_observes(t) && watch_value(c->schedule_metric, &r->epoch, eval, &value, &lower))
        schedule_observe(c->schedule, &c->schedule_args, &p->schedule, value, !lower);
    watch_epoch(&p->stop, &r->epoch, eval);
    p->stopped = *c->early_stop && p->stop.stale >= c->patience;
    if (p->stopped && r->epoch.epoch < c->epochs && run_is_root(r)) run_report_early_stop(&p->stop);
}

static bool run_is_finished(const struct run *r)
{
    const struct progress *p = &r->t->progress;
    return p->stopped || p->epoch >= r->t->config->epochs;
}

/* Saves at the end of an epoch; a finished run no longer needs its data. */
static enum status run_save(struct run *r)
{
    const struct progress *p = &r->t->progress;
    int64_t every = r->t->config->checkpoint_every_epochs;
    int names = r->is_best ? SAVER_BEST : 0;
    if (run_is_finished(r))
        names |= SAVER_FINAL;
    else if (r->save_due || (every > 0 && p->epoch % every == 0))
        names |= SAVER_STEP;
    activity_set_phase(ACTIVITY_SAVING);
    if (names) TRY(saver_take(r->saver, names));
    return run_is_finished(r) ? STATUS_OK : run_check_data(r, names != 0);
}

static void run_report_done(const struct run *r, double peak_bytes)
{
    const struct trainer *t = r->t;
    const struct progress *p = &t->progress;
    struct done_event e = {.accuracy = t->val ? r->eval.accuracy : r->epoch.accuracy,
                           .loss = t->val ? r->eval.loss : r->epoch.loss,
                           .seconds = p->train_seconds,
                           .samples_per_second =
                               p->train_seconds > 0 ? (double)p->train_samples / p->train_seconds : 0,
                           .peak_bytes = peak_bytes,
                           .weights_hash = checkpoint_weights_hash(t->model, sync_params(t->sync)),
                           .classes = r->eval.classes,
                           .confusion = r->eval.confusion};
    r->observer->done(r->observer->self, &e);
}

/* Returns the metric of checkpoint.best; auto: none without a validation set. */
static const char *run_get_best_metric(struct trainer *t)
{
    const char *by = t->config->checkpoint_best;
    if (strcmp(by, "auto") != 0) return by;
    watch_default(t->val ? t->evaluation.scores : NULL, t->best_metric);
    return t->best_metric;
}

/* If a run was killed between its last checkpoint and its final summary, only the final evaluation is
 * repeated; further names of the checkpoint may be missing. */
static enum status run_repeat_end(struct run *r)
{
    const struct progress *p = &r->t->progress;
    enum status status = run_evaluate(r, p->epoch);
    if (status != STATUS_OK) return stop_unsaved(status, "before its final summary was written");
    r->epoch.loss = run_mean_loss(r->t, &p->seen);
    r->epoch.accuracy = run_accuracy(r->t, &p->seen);
    r->is_best = p->best.has_best && p->best.stale == 0;
    return run_save(r);
}

static enum status run_epochs(struct run *r)
{
    struct progress *p = &r->t->progress;
    bool saved = p->metrics_bytes > 0; /* by an earlier start */
    if (r->t->config->epochs == 0 && !saved) {
        TRY(run_evaluate_only(r));
        return run_save(r);
    }
    if (run_is_finished(r)) return run_repeat_end(r);
    while (!run_is_finished(r)) {
        TRY(run_train_epoch(r));
        TRY(run_evaluate_epoch(r));
        run_decide(r);
        progress_close_epoch(p);
        TRY(run_save(r));
    }
    return STATUS_OK;
}

static enum status run_finish(struct run *r)
{
    struct trainer *t = r->t;
    if (t->timeline) timeline_finish(t->timeline);
    TRY(saver_finish(r->saver));
    double peak_bytes = comm_max(t->comm, mem_peak_bytes());
    if (run_is_root(r)) run_report_done(r, peak_bytes);
    comm_barrier(t->comm);
    return STATUS_OK;
}

enum status trainer_run(struct trainer *t, const struct observer *observer, const char *checkpoint_dir)
{
    struct run r = {.t = t, .observer = observer};
    t->observer = observer;
    t->progress.best.metric = run_get_best_metric(t);
    t->progress.stop.metric = t->config->early_stop;
    t->progress.stop.min_delta = t->config->min_delta;
    r.epoch.loss = r.epoch.accuracy = NAN; /* not measured */
    enum status status = saver_create(&r.saver, t, checkpoint_dir);
    if (status == STATUS_OK) status = trainer_check(t);
    if (status == STATUS_OK) status = run_epochs(&r);
    if (status == STATUS_OK) status = run_finish(&r);
    saver_destroy(&r.saver);
    return status;
}
