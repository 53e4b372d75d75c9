/* saver.c - decides when and how checkpoints are saved. */
#include "train/saver/saver.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/system/background.h"
#include "core/system/clock.h"
#include "core/log.h"
#include "core/mem.h"
#include "train/saver/write.h"
#include "train/trainer/private.h"

#define SECONDS_PER_MINUTE 60

struct saver {
    struct trainer *t;
    const char *folder;
    struct snapshot snapshot;
    struct saver_write write;      /* rank 0, and what follows */
    struct background *background; /* at work on `write` */
    double taken;                  /* the clock at the last checkpoint, or at the start */
    enum status last;              /* of the last finished write; `problem` if it is not STATUS_OK */
    char problem[STATUS_TEXT_SIZE];
    int64_t newest; /* step of the newest checkpoint there is, -1 = none */
};

static bool saver_is_root(const struct saver *s)
{
    return comm_rank(s->t->comm) == 0;
}

static enum status saver_prepare_folder(struct saver *s)
{
    TRY(background_create(&s->background));
    TRY(checkpoint_folder_make(s->folder));
    return checkpoint_folder_tidy(s->folder, s->t->progress.step);
}

static enum status saver_set_up(struct saver *s, struct trainer *t, const char *folder)
{
    s->t = t;
    s->folder = folder;
    s->write = (struct saver_write){.snapshot = &s->snapshot,
                                    .observer = t->observer,
                                    .folder = folder,
                                    .keep = t->config->checkpoint_keep};
    s->taken = clock_seconds();
    TRY(comm_agree(t->comm, saver_is_root(s) ? saver_prepare_folder(s) : STATUS_OK));
    return snapshot_create(&s->snapshot, t);
}

enum status saver_create(struct saver **out, struct trainer *t, const char *folder)
{
    enum status status = comm_agree(t->comm, mem_alloc(out, 1, sizeof **out, "saver"));
    if (status == STATUS_OK) status = saver_set_up(*out, t, folder);
    if (status != STATUS_OK) saver_destroy(out);
    return status;
}

/* Rank 0: waits for the write in progress. After a failure s->problem says which checkpoint is left. */
static void saver_end_write(struct saver *s)
{
    char newest[CHECKPOINT_NAME_SIZE], why[STATUS_TEXT_SIZE / 2];
    if (!background_busy(s->background)) return;
    s->last = background_finish(s->background);
    if (s->last == STATUS_OK) return;
    s->last = STATUS_OTHER; /* whatever is in the way: a later start may find it gone */
    snprintf(why, sizeof why, "%s", status_text());
    s->newest = checkpoint_folder_newest(s->folder, newest);
    if (s->newest < 0)
        snprintf(s->problem, sizeof s->problem, "%s; there is no checkpoint yet", why);
    else
        snprintf(s->problem, sizeof s->problem, "%s; the newest checkpoint is %s, of step %" PRId64, why,
                 newest, s->newest);
}

/* Rank 0: the same between two steps; warns after a failure. */
static void saver_report_write(struct saver *s)
{
    if (!background_busy(s->background)) return;
    saver_end_write(s);
    if (s->last != STATUS_OK)
        log_warn("%s; the run continues and tries again at the next checkpoint", s->problem);
}

void saver_destroy(struct saver **saver)
{
    struct saver *s = *saver;
    if (!s) return;
    if (s->background && background_busy(s->background)) {
        saver_end_write(s);
        if (s->last != STATUS_OK) log_warn("%s", s->problem);
    }
    background_destroy(&s->background);
    snapshot_destroy(&s->snapshot);
    mem_free(saver);
}

void saver_look(struct saver *s)
{
    double minutes = s->t->config->checkpoint_every_minutes;
    if (!saver_is_root(s)) return;
    if (background_done(s->background)) saver_report_write(s);
    if (minutes > 0 && !background_busy(s->background) &&
        clock_seconds() - s->taken >= minutes * SECONDS_PER_MINUTE)
        s->t->requests |= REQUEST_SAVE;
}

enum status saver_take(struct saver *s, int names)
{
    struct trainer *t = s->t;
    TRY(trainer_check(t));
    if (saver_is_root(s)) saver_report_write(s);
    comm_barrier(t->comm); /* no rank may change the copy before */
    if (saver_is_root(s))
        t->progress.metrics_bytes = t->observer->mark ? t->observer->mark(t->observer->self) : 0;
    TRY(snapshot_take(&s->snapshot));
    t->requests &= ~(uint64_t)REQUEST_SAVE;
    s->taken = clock_seconds();
    s->write.names = names;
    if (saver_is_root(s)) background_start(s->background, saver_write, &s->write);
    return STATUS_OK;
}

/* A checkpoint that lacks only a further name is complete. */
enum status saver_finish(struct saver *s)
{
    enum status status = STATUS_OK;
    if (saver_is_root(s)) {
        saver_end_write(s);
        if (s->last != STATUS_OK && s->write.saved) log_warn("%s", s->problem);
        if (s->last != STATUS_OK && !s->write.saved) status = status_fail(s->last, "%s", s->problem);
    }
    return comm_agree(s->t->comm, status);
}

enum status saver_stop(struct saver *s, enum status code, const char *cause)
{
    long long step = s->t->progress.step;
    TRY(saver_take(s, SAVER_STEP));
    enum status status = saver_finish(s);
    if (status == STATUS_OK)
        return status_fail(code, "saved %s: %s at step %lld; start again with --resume auto to continue",
                           s->write.newest, cause, step);
    comm_share_bytes(s->t->comm, &s->newest, sizeof s->newest);
    if (s->newest < 0) return status_at(status, "%s at step %lld, and nothing is saved", cause, step);
    log_warn("%s", status_text());
    return status_fail(code,
                       "%s at step %lld, which is not saved; start again with --resume auto to continue from "
                       "step %" PRId64,
                       cause, step, s->newest);
}

struct saver_times saver_times(const struct saver *s)
{
    return (struct saver_times){
        .copy = s->snapshot.seconds, .write = s->write.seconds, .busy = s->write.busy};
}
