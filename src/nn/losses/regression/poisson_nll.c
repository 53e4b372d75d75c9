/* poisson_nll.c - negative log-likelihood of Poisson-distributed counts, as torch.nn.PoissonNLLLoss. */
#include "nn/losses/parts.h"

static const struct arg args[] = {
    LOSS_REDUCTION_ARG,
    {.name = "log_input",
     .kind = ARG_BOOL,
     .default_value = 1,
     .help = "outputs are logarithms of the expected counts"},
    {.name = "full",
     .kind = ARG_BOOL,
     .default_value = 0,
     .help = "add Stirling's approximation of log(target!), which does not depend "
             "on the outputs"},
    {.name = "eps",
     .kind = ARG_REAL,
     .default_value = 1e-8,
     .min = 0,
     .max = 1,
     .help = "added to x in log(x) where log_input is false"},
    ARG_END,
};
enum { LOG_INPUT = LOSS_REDUCTION + 1, FULL, EPS };

static enum status poisson_nll_prepare(struct loss *l)
{
    if (l->args.of[LOG_INPUT] != 0) l->output = OUTPUT_LOG_VALUES;
    return STATUS_OK;
}

static struct loss_sums poisson_nll_compute(const struct loss *l, const struct loss_batch *b)
{
    bool log_input = l->args.of[LOG_INPUT] != 0;
    loss_run_terms(b, (struct loss_terms){.form = log_input ? TERMS_POISSON_LOG : TERMS_POISSON,
                                          .eps = (float)l->args.of[EPS],
                                          .stirling = l->args.of[FULL] != 0});
    return loss_total(l, b, (double)b->classes);
}

extern const struct loss_ops loss_poisson_nll;
const struct loss_ops loss_poisson_nll = {
    .name = "poisson_nll",
    .help = "exp(x) - target * x, or x - target * log(x) where log_input is false, as "
            "torch.nn.PoissonNLLLoss",
    .args = args,
    .targets = TARGET_BIT(TARGET_VALUES),
    .target_max = 1e30,
    .output = OUTPUT_VALUES,
    .prepare = poisson_nll_prepare,
    .positional = true,
    .compute = poisson_nll_compute,
};
