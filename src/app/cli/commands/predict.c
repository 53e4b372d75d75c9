/* predict.c - writes the predictions of a checkpoint. */
#include <stdio.h>

#include "app/cli/commands/commands.h"
#include "app/config/options.h"
#include "app/config/setup.h"
#include "core/log.h"
#include "core/mem.h"
#include "train/evaluation/predict.h"

static enum status predict_checkpoint(struct setup *setup, struct comm *comm, const struct arguments *a)
{
    struct predict_facts facts;
    char *data = NULL;
    if (!a->data || !*a->data)
        return status_fail(STATUS_CONFIG, "predict needs --data LOCATOR, such as --data new.h5");
    if (!a->out || !*a->out)
        return status_fail(STATUS_CONFIG, "predict needs --out FILE.h5, such as --out predictions.h5");
    TRY(setup_from_checkpoint(setup, comm, a->words[0], a->allow_external));
    TRY(setup_keep_index(setup, a->words[0], 3));
    TRY(setup_name_objects(setup, comm, a->names));
    if (comm_rank(comm) == 0) setup_warn_unused("predict");
    TRY(comm_agree(comm, options_read_locator(a->data, &data)));
    const struct predict_options options = {.checkpoint = a->words[0],
                                            .data = data,
                                            .out = a->out,
                                            .overwrite = a->force,
                                            .plain = a->plain_weights};
    enum status status = predict_run(comm, &setup->config, &options, &facts);
    mem_free(&data);
    TRY(status);
    char correct[64] = "", left_out[64] = "";
    if (facts.has_correct) snprintf(correct, sizeof correct, ", %lld correct", (long long)facts.correct);
    if (facts.left_out)
        snprintf(left_out, sizeof left_out, ", and NaN for %lld that cannot be read",
                 (long long)facts.left_out);
    log_info("wrote %s: %lld samples, %lld output%s%s%s", a->out, (long long)facts.samples,
             (long long)facts.outputs, facts.outputs == 1 ? "" : "s", correct, left_out);
    return STATUS_OK;
}

enum status cmd_predict(struct comm *comm, struct arguments *a)
{
    struct setup setup = {0};
    enum status status = predict_checkpoint(&setup, comm, a);
    setup_free(&setup);
    return status;
}
