/* trainer_resume.c - a trainer takes up the state of a checkpoint. */
#include <inttypes.h>

#include "train/checkpoint_private.h"
#include "train/trainer_private.h"

struct resuming {
    struct trainer *t;
    const char *path;
    bool override;
};

/* What the results depend on besides the configuration. */
static enum status check_facts(const struct resuming *r, const struct checkpoint_facts *facts)
{
    const struct trainer *t = r->t;
    if (facts->virtual_ranks != t->info.virtual_ranks)
        return status_fail(STATUS_CONFIG,
                           "%s: was made with %" PRId64 " virtual ranks, and %d ranks would make it %" PRId64
                           "; start at most %" PRId64,
                           r->path, facts->virtual_ranks, comm_size(t->comm), t->info.virtual_ranks,
                           facts->virtual_ranks);
    if (r->override) return STATUS_OK;
    const char *other = facts->data_hash != t->data_hash ? t->config->data_train
                        : facts->val_hash != t->val_hash ? t->config->data_val
                                                         : NULL;
    if (!other) return STATUS_OK;
    return status_fail(STATUS_CONFIG,
                       "%s: %s holds other data than when the run began; bring them back, or go on with "
                       "--resume-override",
                       r->path, *other ? other : "the val set");
}

/* Rank 0's part. */
static enum status load(void *self, float *params, float *const slots[SYNC_SLOTS])
{
    struct resuming *r = self;
    struct trainer *t = r->t;
    struct checkpoint_facts facts;
    struct checkpoint_room room = {
        .model = t->model, .optim = t->config->optim, .params = params, .progress = &t->progress};
    for (int i = 0; i < room.optim->slots; i++) room.slots[i] = slots[i];
    TRY(checkpoint_load_state(r->path, &room, &facts));
    if (t->progress.position > t->info.train_samples)
        return status_fail(STATUS_CONFIG,
                           "%s: is %" PRId64 " samples into an epoch that has only %" PRId64 " now", r->path,
                           t->progress.position, t->info.train_samples);
    return check_facts(r, &facts);
}

enum status trainer_resume(struct trainer *t, const char *path, bool override, struct trainer_point *point)
{
    struct resuming r = {t, path, override};
    struct progress *p = &t->progress;
    TRY(sync_restore(t->sync, load, &r));
    comm_share_bytes(t->comm, p, sizeof *p); /* what watches follow is said by trainer_run */
    *point = (struct trainer_point){.epoch = p->epoch,
                                    .position = p->position,
                                    .step = p->step,
                                    .metrics_bytes = p->metrics_bytes,
                                    .finished = p->stopped || p->epoch >= t->config->epochs};
    return STATUS_OK;
}
