/* kl_div.c - Kullback-Leibler divergence from log-probabilities, as torch.nn.KLDivLoss. */
#include "nn/losses/parts.h"

static const char *const reductions[] = {"mean", "sum", "batchmean", NULL};
enum { BATCHMEAN = LOSS_SUM + 1 };

static const struct arg args[] = {
    {.name = "reduction",
     .kind = ARG_CHOICE,
     .choices = reductions,
     .help = "mean over classes and samples, sum, or batchmean: sum over classes "
             "and mean over samples (the divergence)"},
    {.name = "log_target", .kind = ARG_BOOL, .default_value = 0, .help = "targets are log-probabilities"},
    ARG_END,
};
enum { LOG_TARGET = LOSS_REDUCTION + 1 };

static enum status kl_div_prepare(struct loss *l)
{
    bool log_target = l->args.of[LOG_TARGET] != 0;
    if (log_target && l->kind != TARGET_VALUES)
        return status_fail(STATUS_CONFIG,
                           "loss.log_target: the labels are of kind %s, not log-probabilities; "
                           "remove it, or set data.labels: target",
                           target_name(l->kind));
    if (!log_target && l->kind == TARGET_VALUES)
        return status_fail(STATUS_CONFIG,
                           "loss.name: kl_div takes labels of kind %s only as log-probabilities; set "
                           "loss.log_target: true, or data.labels: probs",
                           target_name(l->kind));
    if (log_target) l->output = OUTPUT_VALUES; /* samples have no class */
    return STATUS_OK;
}

static struct loss_sums kl_div_compute(const struct loss *l, const struct loss_batch *b)
{
    bool log_target = l->args.of[LOG_TARGET] != 0;
    if (!log_target) loss_predict(b);
    loss_run_terms(b, (struct loss_terms){.form = log_target ? TERMS_KL_LOG : TERMS_KL});
    return loss_total(l, b, l->args.of[LOSS_REDUCTION] == BATCHMEAN ? 1 : (double)b->classes);
}

extern const struct loss_ops loss_kl_div;
const struct loss_ops loss_kl_div = {
    .name = "kl_div",
    .help = "target * (log(target) - x), for outputs that are log-probabilities (log_softmax), as "
            "torch.nn.KLDivLoss",
    .args = args,
    .targets = TARGET_BIT(TARGET_PROBS) | TARGET_BIT(TARGET_ONEHOT) | TARGET_BIT(TARGET_VALUES),
    .output = OUTPUT_LOG_PROBS,
    .needs = RANGE_LOG_PROBABILITIES,
    .prepare = kl_div_prepare,
    .positional = true,
    .compute = kl_div_compute,
};
