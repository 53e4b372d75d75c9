/* check.c - checks configuration, data and model, and shows the model and the memory that it needs. */
#include "app/cli/commands/commands.h"
#include "app/cli/output.h"
#include "app/report/graph/graph.h"
#include "app/report/memory.h"
#include "app/report/report.h"
#include "core/log.h"
#include "math/kernels.h"
#include "train/build.h"
#include "train/sets.h"
#include "train/trainer/trainer.h"

/* Rank 0. An error is left to trainer_create, which finds it in the order of its checks. */
static void check_report_memory(const struct kernels *kernels, const struct config *config,
                                const struct comm *comm, double data_bytes)
{
    struct memory_plan plan;
    if (memory_plan(&plan, kernels, config, comm, data_bytes) == STATUS_OK) memory_report(&plan);
}

/* Rank 0. */
static enum status check_report_model(const struct config *config, const struct comm *comm,
                                      const struct trainer_info *info, const char *graph)
{
    report_start(config, comm, info);
    if (graph) {
        TRY(graph_draw(info->model, graph));
        log_info("wrote %s", graph);
    }
    log_info("configuration, data and model are valid");
    return STATUS_OK;
}

static enum status check_run(const struct setup *setup, struct comm *comm, const struct arguments *a)
{
    const struct config *config = &setup->config;
    bool first = comm_rank(comm) == 0;
    const struct kernels *kernels;
    struct trainer *t = NULL;
    if (a->graph) TRY(graph_check_path(a->graph));
    TRY(comm_split_nodes(comm, config->ranks_per_node));
    TRY(comm_agree(comm, kernels_start(&kernels, config->isa, config_products(config))));
    double data_bytes = sets_report_stores(comm, config);
    if (first) check_report_memory(kernels, config, comm, data_bytes);
    enum status status = trainer_create(&t, comm, config, setup->text);
    if (status == STATUS_OK)
        status =
            comm_agree(comm, first ? check_report_model(config, comm, trainer_info(t), a->graph) : STATUS_OK);
    trainer_destroy(&t);
    return status;
}

enum status cmd_check(struct comm *comm, struct arguments *a)
{
    const struct setup_source source = arguments_source(a);
    struct setup setup;
    enum status status = setup_create(&setup, comm, &source);
    if (status == STATUS_OK && a->expanded) status = setup_expand(&setup);
    if (status == STATUS_OK) status = setup_keep_index(&setup, "runs/", 0);
    if (status == STATUS_OK)
        status = a->print_config ? output_print(comm, setup.text) : check_run(&setup, comm, a);
    setup_free(&setup);
    return status;
}
