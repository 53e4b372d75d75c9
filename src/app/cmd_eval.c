#include <math.h>
#include <string.h>

#include "app/report.h"
#include "app/setup.h"
#include "ddp/checkpoint.h"
#include "ddp/log.h"
#include "ddp/trainer.h"

static void on_eval(void *self, const struct eval_event *e)
{
    (void)self;
    if (isnan(e->accuracy))
        log_info("loss %.6f over %lld samples", e->loss, (long long)e->count);
    else
        log_info("accuracy %.4f (%lld of %lld), loss %.6f", e->accuracy, (long long)e->correct,
                 (long long)e->count, e->loss);
    for (int64_t i = 0; i < e->metric_count; i++)
        if (strcmp(e->metric_names[i], "accuracy") != 0)
            log_info("%s %.6g", e->metric_names[i], e->metrics[i]);
    report_confusion(e->classes, e->confusion, e->class_names);
}

static enum status evaluate(struct setup *setup, struct comm *comm, const struct arguments *a)
{
    enum status status = STATUS_OK;
    if (!a->data || !*a->data)
        return status_fail(STATUS_CONFIG, "eval needs --data LOCATOR, such as --data test.h5");
    if (comm_rank(comm) == 0) status = checkpoint_read_config(a->words[0], &setup->text);
    TRY(comm_agree(comm, status));
    status = setup_share(setup, comm);
    if (status != STATUS_OK) return status_at(status, "%s", a->words[0]);
    TRY(comm_split_nodes(comm, setup->config.ranks_per_node));
    const struct observer observer = {.eval = on_eval};
    return trainer_evaluate(comm, &setup->config, a->words[0], a->data, &observer);
}

enum status cmd_eval(struct comm *comm, struct arguments *a)
{
    struct setup setup = {0};
    enum status status = evaluate(&setup, comm, a);
    setup_free(&setup);
    return status;
}
