/* examine.c - evaluates a checkpoint. */
#include "train/evaluation/examine.h"

#include "train/evaluation/evaluation.h"
#include "train/evaluation/examiner.h"

static enum status examine_with(struct evaluation *e, struct examiner *x, struct comm *comm,
                                const struct config *config, const struct observer *observer)
{
    const struct evaluation_spec spec = {.comm = comm,
                                         .model = x->model,
                                         .data = x->data,
                                         .normal = &x->normal,
                                         .loss = &x->loss,
                                         .batch = &x->batch,
                                         .label_positions = x->label_positions,
                                         .top_k = config->metrics_top_k};
    TRY(comm_agree(comm, evaluation_init(e, &spec)));
    struct eval_event event = {.split = "eval"};
    TRY(evaluation_run(e, x->params, &event));
    if (comm_rank(comm) == 0) observer->eval(observer->self, &event);
    return STATUS_OK;
}

enum status examine_run(struct comm *comm, const struct config *config, const struct examine_options *options,
                        const struct observer *observer)
{
    struct examiner x = {0};
    struct evaluation evaluation = {0};
    enum status status = examiner_init(&x, comm,
                                       &(struct examiner_spec){.config = config,
                                                               .checkpoint = options->checkpoint,
                                                               .data = options->data,
                                                               .plain = options->plain});
    if (status == STATUS_OK) status = examine_with(&evaluation, &x, comm, config, observer);
    evaluation_free(&evaluation);
    examiner_free(&x);
    return status;
}
