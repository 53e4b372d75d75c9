/* eval.c - evaluates a checkpoint. */
#include "app/report/report.h"
#include "app/cli/commands/commands.h"
#include "app/config/options.h"
#include "app/config/setup.h"
#include "train/evaluation/examine.h"
#include "core/mem.h"
#include "core/number.h"

#define MAX_DIGITS 15

/* What rank 0 does with the result. */
struct eval_output {
    const struct arguments *arguments;
    int64_t digits;
    enum status status;
};

static enum status eval_write_files(const struct arguments *a, const struct eval_event *e)
{
    if (a->json) TRY(report_write_json(a->json, e, a->words[0], a->data));
    if (!a->confusion) return STATUS_OK;
    if (!e->confusion)
        return status_fail(
            STATUS_CONFIG,
            "--confusion: this task has no confusion matrix; only classes and a single label have one");
    return report_write_confusion(a->confusion, e->classes, e->confusion, e->class_names);
}

static void eval_on_result(void *self, const struct eval_event *e)
{
    struct eval_output *output = self;
    report_eval(e, output->digits);
    output->status = eval_write_files(output->arguments, e);
}

static enum status eval_read_digits(const char *text, int64_t *digits)
{
    *digits = -1;
    if (!text) return STATUS_OK;
    enum status status = number_parse_int(text, digits);
    if (status != STATUS_OK) return status_at(status, "--digits");
    if (*digits >= 0 && *digits <= MAX_DIGITS) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "--digits: %s is outside 0..%d", text, MAX_DIGITS);
}

static enum status eval_run(struct setup *setup, struct comm *comm, const struct arguments *a)
{
    struct eval_output output = {.arguments = a};
    TRY(eval_read_digits(a->digits, &output.digits));
    if (!a->data || !*a->data)
        return status_fail(STATUS_CONFIG, "eval needs --data LOCATOR, such as --data test.h5");
    TRY(setup_from_checkpoint(setup, comm, a->words[0], a->allow_external));
    TRY(setup_keep_index(setup, a->words[0], 3));
    TRY(setup_name_objects(setup, comm, a->names));
    if (comm_rank(comm) == 0) setup_warn_unused("eval");
    const struct observer observer = {.self = &output, .eval = eval_on_result};
    char *data = NULL;
    TRY(comm_agree(comm, options_read_locator(a->data, &data)));
    const struct examine_options options = {a->words[0], data, a->plain_weights};
    enum status status = examine_run(comm, &setup->config, &options, &observer);
    mem_free(&data);
    return status == STATUS_OK ? comm_agree(comm, output.status) : status;
}

enum status cmd_eval(struct comm *comm, struct arguments *a)
{
    struct setup setup = {0};
    enum status status = eval_run(&setup, comm, a);
    setup_free(&setup);
    return status;
}
