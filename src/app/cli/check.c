#include "app/report/report.h"
#include "app/cli/setup.h"
#include "core/log.h"
#include "train/trainer.h"

static enum status check(const struct setup *setup, struct comm *comm)
{
    TRY(comm_split_nodes(comm, setup->config.ranks_per_node));
    struct trainer *t = NULL;
    enum status status = trainer_create(&t, comm, &setup->config, setup->text);
    if (status == STATUS_OK && comm_rank(comm) == 0) {
        report_start(&setup->config, comm, trainer_info(t));
        log_info("configuration, data and model fit together");
    }
    trainer_destroy(&t);
    return status;
}

enum status cmd_check(struct comm *comm, struct arguments *a)
{
    struct setup setup;
    enum status status = setup_create(&setup, comm, a);
    if (status == STATUS_OK) status = a->print_config ? setup_print(&setup, comm) : check(&setup, comm);
    setup_free(&setup);
    return status;
}
