#include "train/saver.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ddp/log.h"
#include "ddp/mem.h"
#include "train/checkpoint_folder.h"
#include "train/checkpoint_private.h"
#include "train/trainer_private.h"

struct saver {
    struct trainer *t;
    const char *folder;
    char newest[CHECKPOINT_FILE_SIZE];
    enum status last; /* of the last write */
};

static bool is_root(const struct saver *s)
{
    return comm_rank(s->t->comm) == 0;
}

enum status saver_create(struct saver **out, struct trainer *t, const char *folder)
{
    TRY(comm_agree(t->comm, mem_alloc(out, 1, sizeof **out, "saver")));
    struct saver *s = *out;
    s->t = t;
    s->folder = folder;
    return comm_agree(t->comm, is_root(s) ? checkpoint_folder_make(folder) : STATUS_OK);
}

void saver_destroy(struct saver **s)
{
    mem_free(s);
}

const char *saver_newest(const struct saver *s)
{
    return s->newest;
}

/* A step's loss is known before its update, so the last update must be looked at here: broken weights must not
 * replace healthy ones. */
static enum status check_weights(const struct trainer *t, const float *params)
{
    for (int64_t i = 0; i < model_param_floats(t->model); i++)
        if (!isfinite(params[i]))
            return status_fail(STATUS_DIVERGED, "step %lld: a weight is %f; lower optim.lr or warm up longer",
                               (long long)t->progress.step, (double)params[i]);
    return STATUS_OK;
}

/* The first of the names is written, the others are links to it. */
static enum status write_all(struct saver *s, int names, const struct checkpoint_state *state)
{
    char step[CHECKPOINT_NAME_SIZE];
    const char *all[3], *const *name = all;
    int count = 0;
    checkpoint_folder_name(step, state->progress->step);
    if (names & SAVER_STEP) all[count++] = step;
    if (names & SAVER_FINAL) all[count++] = "final.h5";
    if (names & SAVER_BEST) all[count++] = "best.h5";
    char path[CHECKPOINT_FILE_SIZE];
    TRY(checkpoint_folder_path(path, s->folder, *name));
    TRY(checkpoint_save(path, state));
    memcpy(s->newest, path, sizeof path);
    for (int i = 1; i < count; i++) TRY(checkpoint_folder_link(s->folder, all[i], *name));
    TRY(checkpoint_folder_link(s->folder, "last.h5", *name));
    return checkpoint_folder_prune(s->folder, s->t->config->checkpoint_keep);
}

enum status saver_take(struct saver *s, int names)
{
    struct trainer *t = s->t;
    struct checkpoint_state state = {.config_text = t->config_text,
                                     .model = t->model,
                                     .params = sync_params(t->sync),
                                     .optim = t->config->optim,
                                     .normal = &t->normal,
                                     .targets = &t->targets,
                                     .kind = t->info.kind,
                                     .progress = &t->progress,
                                     .virtual_ranks = t->info.virtual_ranks,
                                     .seed = t->config->seed,
                                     .data_hash = t->data_hash,
                                     .val_hash = t->val_hash};
    if (is_root(s)) t->progress.metrics_bytes = t->observer->mark ? t->observer->mark(t->observer->self) : 0;
    for (int i = 0; i < t->config->optim->slots; i++) state.slots[i] = sync_gather_slot(t->sync, i);
    TRY(comm_agree(t->comm, is_root(s) ? check_weights(t, state.params) : STATUS_OK));
    s->last = comm_agree(t->comm, is_root(s) ? write_all(s, names, &state) : STATUS_OK);
    if (s->last != STATUS_OK)
        log_warn("%s; the checkpoints before it stay, and the run goes on", status_text());
    return STATUS_OK;
}

enum status saver_finish(struct saver *s)
{
    return s->last;
}
