/* snapshot.c - copies the state of a run. */
#include "train/saver/snapshot.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/system/clock.h"
#include "math/kernels.h"
#include "comm/shared.h"
#include "train/evaluation/predict_file.h"
#include "train/trainer/private.h"

size_t snapshot_bytes(const struct trainer *t)
{
    return (size_t)((1 + t->config->optim->slots + config_averages(t->config)) *
                    model_param_floats(t->model)) *
           sizeof(float);
}

enum status snapshot_create(struct snapshot *s, const struct trainer *t)
{
    bool here = comm_node(t->comm) == 0;
    int64_t count = model_param_floats(t->model);
    *s = (struct snapshot){.t = t};
    TRY(shared_create(&s->memory, t->comm, here ? snapshot_bytes(t) : 0, "copy for checkpoints"));
    float *at = shared_base(s->memory);
    s->params = at;
    int slots = t->config->optim->slots;
    for (int i = 0; i < slots; i++) s->slots[i] = at + (i + 1) * count;
    if (config_averages(t->config)) s->average = at + (slots + 1) * count;
    return STATUS_OK;
}

void snapshot_destroy(struct snapshot *s)
{
    shared_destroy(&s->memory);
}

/* A part of the flat vector, in whole groups of 16 floats. */
struct cut {
    int64_t first, end;
};

static struct cut snapshot_cut(const struct trainer *t)
{
    int64_t blocks = model_param_floats(t->model) / 16, ranks = comm_local_size(t->comm),
            rank = comm_local_rank(t->comm);
    return (struct cut){blocks * rank / ranks * 16, blocks * (rank + 1) / ranks * 16};
}

static void snapshot_copy(struct cut cut, float *to, const float *from)
{
    memcpy(to + cut.first, from + cut.first, (size_t)(cut.end - cut.first) * sizeof *to);
}

static void snapshot_copy_slot(const struct snapshot *s, struct cut cut, int index, float *to)
{
    const float *slot = sync_gather_slot(s->t->sync, index);
    if (comm_node(s->t->comm) == 0) snapshot_copy(cut, to, slot);
}

/* Returns the index of the first element of the cut that is not finite, or INFINITY. */
static double snapshot_find_bad(const struct kernels *kernels, struct cut cut, const float *params)
{
    int64_t i = cut.first;
    if (kernels->within(cut.end - cut.first, params + cut.first, FLT_MAX)) return INFINITY;
    while (isfinite(params[i])) i++;
    return (double)i;
}

/* The loss of a step is known before its update, so the result of the last update is checked here: weights
 * that are not finite must not replace good ones. */
static enum status snapshot_check_weights(const struct snapshot *s, struct cut cut, const float *params)
{
    double mine = comm_node(s->t->comm) == 0 ? snapshot_find_bad(s->t->kernels, cut, params) : INFINITY;
    double first = -comm_max(s->t->comm, -mine); /* also: all ranks of the first node have copied */
    if (isinf(first)) return STATUS_OK;
    return status_fail(STATUS_DIVERGED, "step %lld: a weight is %f; lower optim.lr or warm up longer",
                       (long long)s->t->progress.step, (double)params[(int64_t)first]);
}

enum status snapshot_take(struct snapshot *s)
{
    const struct trainer *t = s->t;
    double start = clock_seconds();
    bool here = comm_node(t->comm) == 0;
    struct cut cut = snapshot_cut(t);
    const float *params = sync_params(t->sync);
    if (here) snapshot_copy(cut, s->params, params);
    for (int i = 0; i < t->config->optim->slots; i++) snapshot_copy_slot(s, cut, i, s->slots[i]);
    if (trainer_averages(t)) snapshot_copy_slot(s, cut, t->config->optim->slots, s->average);
    s->progress = t->progress;
    enum status status = snapshot_check_weights(s, cut, params);
    s->seconds = clock_seconds() - start;
    return status;
}

struct checkpoint_state snapshot_state(const struct snapshot *s)
{
    const struct trainer *t = s->t;
    struct checkpoint_state state = {.config_text = t->config_text,
                                     .model = t->model,
                                     .params = s->params,
                                     .optim = t->config->optim,
                                     .normal = &t->normal,
                                     .targets = &t->targets,
                                     .kind = t->info.kind,
                                     .positions = t->info.positions,
                                     .progress = &s->progress,
                                     .virtual_ranks = t->info.virtual_ranks,
                                     .seed = t->config->seed,
                                     .data_hash = t->data_hash,
                                     .val_hash = t->val_hash,
                                     .isa = t->info.isa,
                                     .blas = t->info.blas};
    state.names = predict_file_names(&t->loss, t->train, &state.name_count);
    for (int i = 0; i < state.optim->slots; i++) state.slots[i] = s->slots[i];
    if (s->progress.averaged > 0) state.average = s->average;
    return state;
}
