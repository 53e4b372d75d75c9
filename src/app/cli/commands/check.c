/* check.c - checks configuration, data and model. */
#include "app/report/report.h"
#include "app/cli/commands/commands.h"
#include "app/cli/output.h"
#include "app/config/setup.h"
#include "core/log.h"
#include "train/trainer/trainer.h"

static enum status check_run(const struct setup *setup, struct comm *comm)
{
    TRY(comm_split_nodes(comm, setup->config.ranks_per_node));
    struct trainer *t = NULL;
    enum status status = trainer_create(&t, comm, &setup->config, setup->text);
    if (status == STATUS_OK && comm_rank(comm) == 0) {
        report_start(&setup->config, comm, trainer_info(t));
        log_info("configuration, data and model are valid");
    }
    trainer_destroy(&t);
    return status;
}

enum status cmd_check(struct comm *comm, struct arguments *a)
{
    const struct setup_source source = arguments_source(a);
    struct setup setup;
    enum status status = setup_create(&setup, comm, &source);
    if (status == STATUS_OK)
        status = a->print_config ? output_print(comm, setup.text) : check_run(&setup, comm);
    setup_free(&setup);
    return status;
}
