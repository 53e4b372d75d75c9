/* groups.c - the passes of a step that are under way at the same time.
 *
 * As a rule that is one, whose model and batch are those of the trainer. When a layer or the loss needs sums
 * over the global batch in the middle of a step, all passes of a rank wait for them, each with activations
 * and a gradient of its own. */
#include "core/mem.h"
#include "train/build.h"
#include "train/trainer/private.h"

/* Passes of this rank in a step. */
static int groups_count(const struct trainer *t)
{
    struct tree_node left = tree_range((int)t->info.leaves, comm_rank(t->comm), comm_size(t->comm));
    int count = 0;
    for (; left.lo < left.hi; count++) left.lo = tree_group(left, (int)model_leaves(t->model)).hi;
    return count;
}

/* A further model and batch, as those of the trainer are. */
static enum status groups_add(struct trainer *t, struct trainer_group *g, const struct model_options *options,
                              const struct batch_spec *batch)
{
    TRY(build_model(&g->model, t->config, t->shapes.input, options));
    TRY(batch_init(&g->own_batch, batch));
    g->own_batch.target_normal = t->batch.target_normal;
    g->own_batch.still = t->batch.still;
    g->batch = &g->own_batch;
    return STATUS_OK;
}

enum status groups_create(struct trainer *t, const struct model_options *options,
                          const struct batch_spec *batch)
{
    int64_t totals = model_totals(t->model);
    if (t->loss.totals > totals) totals = t->loss.totals;
    t->group_count = totals > 0 ? groups_count(t) : 1;
    TRY(mem_alloc(&t->groups, (size_t)t->group_count, sizeof *t->groups, "passes of a step"));
    t->groups[0] = (struct trainer_group){.model = t->model, .batch = &t->batch};
    for (int i = 1; i < t->group_count; i++) TRY(groups_add(t, &t->groups[i], options, batch));
    for (int i = 0; t->group_count > 1 && i < t->group_count; i++)
        TRY(mem_alloc(&t->groups[i].grads, (size_t)model_param_floats(t->model), sizeof *t->groups[i].grads,
                      "gradients of a pass"));
    return totals > 0 ? totals_init(&t->totals, t->comm, (int)t->info.leaves, totals) : STATUS_OK;
}

void groups_destroy(struct trainer *t)
{
    for (int i = 0; t->groups && i < t->group_count; i++) {
        if (i > 0) model_destroy(&t->groups[i].model);
        if (i > 0) batch_free(&t->groups[i].own_batch);
        mem_free(&t->groups[i].grads);
    }
    mem_free(&t->groups);
    totals_free(&t->totals);
}

int groups_choose(struct trainer *t)
{
    struct tree_node mine = tree_range((int)t->info.leaves, comm_rank(t->comm), comm_size(t->comm));
    struct tree_node left = {sync_group(t->sync).lo, mine.hi};
    int count = 0;
    for (; left.lo < left.hi && count < t->group_count; count++) {
        struct trainer_group *g = &t->groups[count];
        g->leaves = tree_group(left, (int)model_leaves(t->model));
        g->first_leaf = g->leaves.lo - mine.lo;
        left.lo = g->leaves.hi;
    }
    return count;
}
