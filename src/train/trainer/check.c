/* check.c - checks that all ranks and nodes hold the same state, and that data files are unchanged. */
#include <inttypes.h>
#include <stdio.h>

#include "io/hash.h"
#include "train/checkpoint/private.h"
#include "train/trainer/private.h"

#define SUSPECT "suspect memory, processor or network there, and start again with --resume auto"

/* Hashes the figures that every rank computes for itself and that must be equal. */
static uint64_t trainer_hash_progress(const struct progress *p)
{
    const double values[] = {p->lr,        p->seen.loss, p->seen.weight, p->schedule.best,
                             p->best.best, p->stop.best};
    const int64_t counts[] = {p->step,      p->updates,     p->epoch,
                              p->position,  p->seen.count,  p->bad_in_a_row,
                              p->bad_steps, p->empty_steps, p->schedule.bad_epochs,
                              p->averaged};
    struct hash hash;
    hash_begin(&hash);
    hash_add(&hash, values, sizeof values);
    hash_add(&hash, counts, sizeof counts);
    return hash_end(&hash);
}

/* Names the tensor that holds the parameter, or in whose gap it lies. */
static void trainer_name_parameter(const struct trainer *t, int64_t at, char path[CHECKPOINT_PATH])
{
    *path = '\0';
    for (int i = 0; i < model_layer_count(t->model); i++) {
        const struct layer *l = model_layer(t->model, i);
        for (int k = 0; k < layer_own_tensors(l); k++)
            if (l->tensors[k].offset <= at) checkpoint_tensor_path(path, "model", l, &l->tensors[k]);
    }
}

static enum status trainer_report_difference(const struct trainer *t, const struct sync_difference *found)
{
    char nodes[STATUS_TEXT_SIZE / 2], first[CHECKPOINT_PATH], last[CHECKPOINT_PATH];
    snprintf(nodes, sizeof nodes, "%s", status_text());
    trainer_name_parameter(t, found->first, first);
    trainer_name_parameter(t, found->first + found->count - 1, last);
    bool exact = found->count == 1;
    char since[64] = "";
    if (t->checked >= 0) snprintf(since, sizeof since, " (equal after step %" PRId64 ")", t->checked);
    return status_fail(STATUS_DIFFERS, "step %" PRId64 ": %s, in %s%s%s%s; " SUSPECT, t->progress.step, nodes,
                       first, exact ? "" : " to ", exact ? "" : last, since);
}

enum status trainer_check_data(struct trainer *t)
{
    enum status status = STATUS_OK;
    if (comm_rank(t->comm) == 0) status = dataset_check(t->train);
    if (comm_rank(t->comm) == 0 && status == STATUS_OK && t->val) status = dataset_check(t->val);
    return comm_agree(t->comm, status);
}

enum status trainer_check(struct trainer *t)
{
    const struct progress *p = &t->progress;
    if (t->config->check_every == 0 || t->checked == p->step) return STATUS_OK;
    int other = comm_find_different(t->comm, trainer_hash_progress(p));
    if (other > 0)
        return status_fail(
            STATUS_DIFFERS,
            "step %" PRId64
            ": rank %d computed different losses, learning rates or counters than rank 0; " SUSPECT,
            p->step, other);
    struct sync_difference found;
    if (sync_compare(t->sync, &found) != STATUS_OK) return trainer_report_difference(t, &found);
    t->checked = p->step;
    return STATUS_OK;
}
