#include "nn/losses/parts.h"

static const char *const reductions[] = {"mean", "sum", "batchmean", NULL};
enum { BATCHMEAN = LOSS_SUM + 1 };

/* clang-format off */
static const struct arg args[] = {
    {.name = "reduction", .kind = ARG_CHOICE, .choices = reductions,
     .help = "mean over classes and samples, sum, or sum over classes and mean over samples, which is the divergence"},
    {.name = "log_target", .kind = ARG_BOOL, .standard = 0, .help = "targets are log-probabilities, too"},
    ARG_END};
/* clang-format on */
enum { LOG_TARGET = LOSS_REDUCTION + 1 };

static enum status prepare(struct loss *l)
{
    bool log_target = l->args.of[LOG_TARGET] != 0;
    if (log_target && l->kind != TARGET_VALUES)
        return status_fail(STATUS_CONFIG,
                           "loss.log_target: the labels are of kind %s, not log-probabilities; "
                           "leave it out, or set data.labels: target",
                           target_name(l->kind));
    if (!log_target && l->kind == TARGET_VALUES)
        return status_fail(STATUS_CONFIG,
                           "loss.name: kl_div takes labels of kind %s only with loss.log_target: true, as "
                           "log-probabilities; set it, or data.labels: probs",
                           target_name(l->kind));
    if (log_target) l->output = OUTPUT_VALUES; /* no sample has a class */
    return STATUS_OK;
}

static struct loss_sums compute(const struct loss *l, const struct loss_batch *b)
{
    bool log_target = l->args.of[LOG_TARGET] != 0;
    if (!log_target) loss_predict(b);
    loss_run_terms(b, (struct loss_terms){.form = log_target ? TERMS_KL_LOG : TERMS_KL});
    return loss_total(l, b, l->args.of[LOSS_REDUCTION] == BATCHMEAN ? 1 : (double)b->classes);
}

extern const struct loss_ops loss_kl_div;
const struct loss_ops loss_kl_div = {
    .name = "kl_div",
    .help = "target (log target - x), for outputs that are log-probabilities (log_softmax), as "
            "torch.nn.KLDivLoss",
    .args = args,
    .targets = TARGET_BIT(TARGET_PROBS) | TARGET_BIT(TARGET_ONEHOT) | TARGET_BIT(TARGET_VALUES),
    .output = OUTPUT_LOG_PROBS,
    .needs = RANGE_LOG_PROBABILITIES,
    .prepare = prepare,
    .compute = compute,
};
