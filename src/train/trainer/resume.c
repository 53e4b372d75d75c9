/* resume.c - restores the state of a checkpoint. */
#include <inttypes.h>
#include <string.h>

#include "math/kernels.h"
#include "core/log.h"
#include "data/source/files/locators.h"
#include "train/build.h"
#include "train/checkpoint/private.h"
#include "train/trainer/private.h"

struct resuming {
    struct trainer *t;
    const char *path;
    unsigned changes;
};

bool trainer_is_finished(const struct trainer_point *p, const struct config *config)
{
    bool still_stops = *config->early_stop && p->stale_epochs >= config->patience;
    return (p->stopped && still_stops) || p->epoch >= config->epochs;
}

static struct trainer_point resume_get_point(const struct progress *p, int64_t virtual_ranks,
                                             const struct config *config)
{
    struct trainer_point point = {.epoch = p->epoch,
                                  .position = p->position,
                                  .step = p->step,
                                  .metrics_bytes = p->metrics_bytes,
                                  .virtual_ranks = virtual_ranks,
                                  .stopped = p->stopped,
                                  .stale_epochs = p->stop.stale};
    point.finished = trainer_is_finished(&point, config);
    return point;
}

enum status trainer_peek(struct h5 *f, const struct config *config, struct trainer_point *point)
{
    struct checkpoint_facts facts;
    struct progress progress = {0};
    struct model *model = NULL;
    const struct kernels *kernels;
    TRY(kernels_select(&kernels, "auto")); /* to plan a model; a run selects its own */
    TRY(checkpoint_facts_of(f, &facts));
    const struct model_options options = {.kernels = kernels, .lanes = 1, .max_leaves = 1};
    enum status status = build_model(&model, config, facts.input, &options);
    if (status == STATUS_OK)
        status = checkpoint_check(f, config, model, &facts, &progress);
    else
        status = status_fail(STATUS_DATA, "its configuration describes no valid model; the file was changed");
    model_destroy(&model);
    *point = resume_get_point(&progress, facts.virtual_ranks, config);
    return status;
}

/* Checks what the results depend on besides the configuration. */
static enum status resume_check_facts(const struct resuming *r, const struct checkpoint_facts *facts)
{
    const struct trainer *t = r->t;
    if (r->changes & TRAINER_OVERRIDE) return STATUS_OK;
    if (facts->virtual_ranks != t->info.virtual_ranks)
        return status_fail(STATUS_CONFIG,
                           "%s: was made with %" PRId64 " virtual ranks, and %d ranks would make it %" PRId64
                           "; start at most %" PRId64,
                           r->path, facts->virtual_ranks, comm_size(t->comm), t->info.virtual_ranks,
                           facts->virtual_ranks);
    const char *other = facts->data_hash != t->data_hash ? t->config->data.train
                        : facts->val_hash != t->val_hash ? t->config->data.val
                                                         : NULL;
    if (!other) return STATUS_OK;
    char title[LOCATORS_TITLE];
    locators_title(other, title);
    if (facts->val_hash == 0 && facts->data_hash == t->data_hash)
        return status_fail(
            STATUS_CONFIG,
            "%s: the run started without a validation set; leave out %s, or continue with --resume-override",
            r->path, title);
    return status_fail(
        STATUS_CONFIG,
        "%s: the data of %s have changed since the run started%s; restore them, or continue with "
        "--resume-override",
        r->path, *other ? title : "the validation set",
        dataset_stays_in_file(t->train) ? ", or data.store: window with its sizes was not set then"
                                        : ", or data.store: window was set then");
}

/* With another batch or number of samples the step of a position changes: it is counted back from the end of
 * the epoch, so that a schedule never gets a step beyond its end. */
static enum status resume_check_steps(const struct resuming *r, struct progress *p)
{
    const struct trainer *t = r->t;
    int64_t batch = t->config->batch, samples = t->info.train_samples, per_epoch = t->info.steps_per_epoch;
    if (p->position > samples && !(r->changes & TRAINER_OVERRIDE))
        return status_fail(STATUS_CONFIG,
                           "%s: is at sample %" PRId64 " of an epoch that now has only %" PRId64 " samples",
                           r->path, p->position, samples);
    if (p->position > samples) p->position = samples;
    if (p->epoch > INT64_MAX / 2 / per_epoch - 1)
        return status_fail(STATUS_DATA, "%s: its epoch number is impossibly large; the file was changed",
                           r->path);
    int64_t step = (p->epoch + 1) * per_epoch - (samples - p->position + batch - 1) / batch;
    if (p->step == step) return STATUS_OK;
    if (!(r->changes & TRAINER_OVERRIDE))
        return status_fail(STATUS_DATA, "%s: its step %" PRId64 " does not match epoch and position", r->path,
                           p->step);
    log_warn("step %" PRId64 " of the checkpoint becomes step %" PRId64 " with this batch and these data",
             p->step, step);
    p->step = step;
    if (p->updates > step) p->updates = step;
    if (p->bad_in_a_row > step) p->bad_in_a_row = step;
    return STATUS_OK;
}

/* Resets what does not apply to the changed run. */
static void resume_drop_changed(const struct resuming *r, struct progress *p, float *const slots[SYNC_SLOTS])
{
    const struct trainer *t = r->t;
    size_t bytes = (size_t)model_param_floats(t->model) * sizeof(float);
    if (r->changes & TRAINER_NEW_OPTIM) {
        p->updates = 0;
        for (int i = 0; i < t->config->optim->slots; i++) memset(slots[i], 0, bytes);
    }
    if (r->changes & TRAINER_NEW_SCHEDULE) p->schedule = (struct schedule_state){0};
    if (r->changes & TRAINER_NEW_BEST) p->best = (struct watch){0};
    if (r->changes & TRAINER_NEW_STOP) {
        p->stop = (struct watch){0};
        p->stopped = false;
    }
}

/* Warns about another kind of machine, which may round differently; it may be the only one available, so it
 * is not refused. From v3 on all levels give the same bits, and only some layers go through OpenBLAS. */
static void resume_report_machine(const struct resuming *r, const struct checkpoint_facts *facts)
{
    const struct trainer_info *i = &r->t->info;
    const char *then = facts->isa, *now = i->isa;
    bool fused = strcmp(then, "v2") != 0 && strcmp(now, "v2") != 0 && *then == 'v' && *now == 'v';
    if (strcmp(then, now) != 0 && !fused)
        log_warn("the run used kernels %s, this machine uses %s: the results will not be bit-identical", then,
                 now);
    if (strcmp(facts->blas, i->blas) != 0 && model_uses_blas(r->t->model))
        log_warn("the run used OpenBLAS core %s, this machine uses %s: the results will not be bit-identical",
                 facts->blas, i->blas);
}

/* Restores the state; rank 0. */
static enum status resume_load(void *self, float *params, float *const slots[SYNC_SLOTS])
{
    struct resuming *r = self;
    struct trainer *t = r->t;
    struct checkpoint_facts facts;
    struct checkpoint_target target = {.model = t->model,
                                       .optim = t->config->optim,
                                       .params = params,
                                       .progress = &t->progress,
                                       .other_layers = r->changes & TRAINER_OVERRIDE,
                                       .other_slots = r->changes & TRAINER_NEW_OPTIM};
    for (int i = 0; i < target.optim->slots; i++) target.slots[i] = slots[i];
    bool averages = config_averages(t->config) && !(r->changes & TRAINER_NEW_AVERAGE);
    if (averages) target.average = slots[target.optim->slots];
    TRY(checkpoint_load_state(r->path, &target, &facts));
    TRY(resume_check_facts(r, &facts));
    TRY(resume_check_steps(r, &t->progress));
    if (facts.val_hash != t->val_hash)
        r->changes |= TRAINER_NEW_BEST | TRAINER_NEW_STOP | TRAINER_NEW_SCHEDULE;
    resume_drop_changed(r, &t->progress, slots);
    resume_report_machine(r, &facts);
    return STATUS_OK;
}

enum status trainer_resume(struct trainer *t, const char *path, unsigned changes, struct trainer_point *point)
{
    struct resuming r = {t, path, changes};
    struct progress *p = &t->progress;
    TRY(sync_restore(t->sync, resume_load, &r));
    comm_share_bytes(t->comm, p, sizeof *p); /* trainer_run sets the metrics of watches */
    *point = resume_get_point(p, t->info.virtual_ranks, t->config);
    p->stopped = p->stopped && point->finished; /* it may have more patience now, or no early stop */
    return STATUS_OK;
}
