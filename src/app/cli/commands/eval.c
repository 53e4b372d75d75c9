#include "app/report/report.h"
#include "app/cli/commands/commands.h"
#include "app/config/setup.h"
#include "train/evaluation/examine.h"
#include "core/number.h"

#define MOST_DIGITS 15

/* What rank 0 does with what was found. */
struct wish {
    const struct arguments *arguments;
    int64_t digits;
    enum status status;
};

static enum status write_files(const struct arguments *a, const struct eval_event *e)
{
    if (a->json) TRY(report_write_json(a->json, e, a->words[0], a->data));
    if (!a->confusion) return STATUS_OK;
    if (!e->confusion)
        return status_fail(STATUS_CONFIG,
                           "--confusion: only classes, or a single label, have a confusion matrix");
    return report_write_confusion(a->confusion, e->classes, e->confusion, e->class_names);
}

static void on_eval(void *self, const struct eval_event *e)
{
    struct wish *wish = self;
    report_eval(e, wish->digits);
    wish->status = write_files(wish->arguments, e);
}

static enum status read_digits(const char *text, int64_t *digits)
{
    *digits = -1;
    if (!text) return STATUS_OK;
    enum status status = number_parse_int(text, digits);
    if (status != STATUS_OK) return status_at(status, "--digits");
    if (*digits >= 0 && *digits <= MOST_DIGITS) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "--digits: %s is not between 0 and %d", text, MOST_DIGITS);
}

static enum status evaluate(struct setup *setup, struct comm *comm, const struct arguments *a)
{
    struct wish wish = {.arguments = a};
    TRY(read_digits(a->digits, &wish.digits));
    if (!a->data || !*a->data)
        return status_fail(STATUS_CONFIG, "eval needs --data LOCATOR, such as --data test.h5");
    TRY(setup_from_checkpoint(setup, comm, a->words[0], a->allow_external));
    const struct observer observer = {.self = &wish, .eval = on_eval};
    TRY(examine_run(comm, &setup->config, a->words[0], a->data, &observer));
    return comm_agree(comm, wish.status);
}

enum status cmd_eval(struct comm *comm, struct arguments *a)
{
    struct setup setup = {0};
    enum status status = evaluate(&setup, comm, a);
    setup_free(&setup);
    return status;
}
