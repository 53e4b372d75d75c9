/* memory.c - computes and reports the memory that a run will need. */
#include "app/report/memory.h"

#include <stdio.h>
#include <unistd.h>

#include "comm/tree.h"
#include "core/log.h"
#include "core/mem.h"
#include "data/source/source.h"
#include "nn/model.h"
#include "train/build.h"
#include "train/shapes.h"
#include "train/slices.h"

struct memory_facts {
    struct shape input; /* of a sample, as the model gets it */
    double data_bytes;
    struct model_memory model;
};

static enum status memory_read_data(struct memory_facts *f, const struct config *config)
{
    struct source *source = NULL;
    struct sample_shapes shapes;
    struct source_options options = source_options_of(&config->data);
    options.quiet = true; /* loading warns */
    TRY(source_open(&source, config->data.train, &options));
    enum status status = shapes_find(&shapes, config, source_info(source)->shape);
    f->input = shapes.input;
    source_close(&source);
    return status;
}

/* Passes of a step: those of all virtual ranks. */
static int64_t memory_count_leaves(const struct config *config, const struct comm *comm)
{
    int64_t ranks = comm_size(comm), v = config->virtual_ranks;
    return (ranks > v ? ranks : v) * config->accumulate;
}

static enum status memory_measure_model(struct memory_facts *f, const struct kernels *kernels,
                                        const struct config *config, const struct comm *comm)
{
    int64_t leaves = memory_count_leaves(config, comm), ranks = comm_size(comm);
    const struct model_options options = {.kernels = kernels,
                                          .lanes = build_lanes(config, leaves / config->accumulate),
                                          .max_leaves = (leaves + ranks - 1) / ranks,
                                          .training = true};
    struct model_spec *spec = NULL;
    TRY(mem_alloc(&spec, 1, sizeof *spec, "model"));
    *spec = config->model;
    spec->input = build_input_shape(config, f->input);
    spec->clip_logits = config->clip_logits;
    enum status status = model_measure(&f->model, spec, &options);
    mem_free(&spec);
    return status;
}

/* Whether the loss needs sums over the global batch before backward begins. */
static bool memory_loss_waits(const struct config *config)
{
    if (config->loss_list.count == 0) return config->loss->measure != NULL;
    for (int i = 0; i < config->loss_list.count; i++)
        if (config->loss_list.of[i].ops->measure) return true;
    return false;
}

/* Passes of a rank that are under way at the same time, each with activations of its own: all of a step if
 * they wait for sums over the global batch. */
static int memory_count_passes(const struct memory_facts *f, const struct config *config, int leaves,
                               int rank, const struct comm *comm)
{
    struct tree_node left = tree_range(leaves, rank, comm_size(comm));
    int count = 0;
    for (; left.lo < left.hi; count++) left.lo = tree_group(left, (int)f->model.leaves).hi;
    return f->model.totals > 0 || memory_loss_waits(config) ? count : 1;
}

/* The gradients that a rank holds at once while it adds those of its virtual ranks, in vectors. */
static int memory_count_gradients(const struct memory_facts *f, int leaves, int rank, const struct comm *comm)
{
    int height;
    tree_cover(leaves, tree_range(leaves, rank, comm_size(comm)), (int)f->model.leaves, &height);
    return height;
}

static void memory_fill(struct memory_plan *plan, const struct memory_facts *f, const struct config *config,
                        const struct comm *comm)
{
    bool is_shared = config->sync_method == SYNC_TREE;
    int leaves = (int)memory_count_leaves(config, comm), local = comm_local_size(comm), most = 0, sum = 0;
    int most_passes = 0, passes = 0;
    double vector = (double)f->model.param_floats * sizeof(float), slots = config->optim->slots;
    for (int r = 0; r < local; r++) {
        int count = memory_count_gradients(f, leaves, r, comm);
        int at_once = memory_count_passes(f, config, leaves, r, comm);
        passes += at_once;
        if (at_once > most_passes) most_passes = at_once;
        if (at_once > 1) count += at_once;
        sum += count;
        if (count > most) most = count;
    }
    double private = is_shared ? 0 : 1,
           copies = is_shared ? 1 : local; /* of parameters and optimizer state */
    *plan = (struct memory_plan){
        {[MEMORY_TRAINING] = {"activations, training", most_passes * (double)f->model.training,
                              passes * (double)f->model.training},
         [MEMORY_EVALUATION] = {"activations, evaluation", (double)f->model.evaluation,
                                local * (double)f->model.evaluation, true},
         [MEMORY_PARAMETERS] = {"parameters", private * vector, copies * vector},
         [MEMORY_GRADIENTS] = {"gradients", most * vector, sum * vector},
         [MEMORY_OPTIMIZER] = {"optimizer state", private * slots * vector, copies * slots * vector},
         [MEMORY_CHECKPOINT] = {"copy for checkpoints", 0, (1 + slots) * vector},
         [MEMORY_DATA] = {"data", 0, f->data_bytes},
         [MEMORY_TOTAL] = {"total", 0, 0}}};
    struct memory_row *total = &plan->rows[MEMORY_TOTAL];
    for (int i = 0; i < MEMORY_TOTAL; i++) {
        if (plan->rows[i].is_shared_with_training) continue;
        total->rank += plan->rows[i].rank;
        total->node += plan->rows[i].node;
    }
}

enum status memory_plan(struct memory_plan *plan, const struct kernels *kernels, const struct config *config,
                        const struct comm *comm, double data_bytes)
{
    struct memory_facts facts = {.data_bytes = data_bytes};
    *plan = (struct memory_plan){.rows = {{.name = NULL}}};
    TRY(memory_read_data(&facts, config));
    TRY(memory_measure_model(&facts, kernels, config, comm));
    memory_fill(plan, &facts, config, comm);
    return STATUS_OK;
}

static void memory_format(double bytes, char text[32])
{
    if (bytes == 0)
        snprintf(text, 32, "-");
    else if (bytes < 1e9)
        snprintf(text, 32, "%.2f MB", bytes / 1e6);
    else
        snprintf(text, 32, "%.2f GB", bytes / 1e9);
}

void memory_report(const struct memory_plan *plan)
{
    char rank[32], node[32];
    double machine = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    log_info("memory   %-27s %12s %12s", "planned", "per rank", "per node");
    for (int i = 0; i < MEMORY_ROWS; i++) {
        const struct memory_row *r = &plan->rows[i];
        memory_format(r->rank, rank);
        memory_format(r->node, node);
        log_info("         %-27s %12s %12s%s", r->name, rank, node,
                 r->is_shared_with_training ? "  (in the memory of training)" : "");
    }
    memory_format(plan->rows[MEMORY_TOTAL].node, node);
    memory_format(machine, rank);
    if (plan->rows[MEMORY_TOTAL].node > machine)
        log_warn("a node needs %s, but this machine has %s; use a smaller batch, more nodes or more "
                 "train.accumulate",
                 node, rank);
}
