#include "app/config/option_table.h"

#include <string.h>

#include "nn/scores/scores.h"

#define AT(field) offsetof(struct config, field)
#define MANY      9007199254740992.0 /* 2^53: what every reader of numbers keeps exactly */

/* What a run that goes on may have otherwise: how it is called and what is told and kept of it; how long it goes on
 * (epochs, patience and its limits; time-outs), for that leaves the steps up to there as they are; how ranks lie on nodes, which
 * changes no sum; and the places of the data, whose content is compared instead. All else would change the results, the
 * metrics of metrics.jsonl included. */
#define MAY_CHANGE .may_change = true

static const char *const isa_levels[] = {"auto", "base", "v2", "v3", "v4", NULL};
static const char *const normalize_kinds[] = {"auto", "unit", "none", "standard",
                                              NULL}; /* enum data_normalize */
static const char *const label_kinds[] = {"auto",       "index",  "onehot", "probs",
                                          "multilabel", "target", NULL}; /* enum data_labels */
static const char *const target_normalize_kinds[] = {"none", "standard",
                                                     NULL};            /* enum data_target_normalize */
static const char *const sync_methods[] = {"tree", "allreduce", NULL}; /* enum config_sync */

static const char *const mixed_kinds[] = {"refuse", "allow", NULL}; /* enum config_mixed */

static const char *const sections[] = {"run",      "data", "model",      "loss",    "train", "optim",
                                       "schedule", "sync", "checkpoint", "metrics", "log",   NULL};

static const struct option options[] = {
    {"run.name", OPTION_TEXT, AT(run_name), "run", MAY_CHANGE, .help = "names the run directory"},
    {"run.seed", OPTION_INT, AT(seed), "1", 0, MANY,
     .help = "seed of initial weights, sample order and dropout"},
    {"run.isa", OPTION_TEXT, AT(isa), "auto", .choices = isa_levels,
     .help = "instruction-set level of the kernels; the results do not depend on it from v3 on"},

    {"data.train", OPTION_TEXT, AT(data.train), NULL, MAY_CHANGE,
     .help = "training set: FILE.h5, FILE.h5:GROUP, demo:train or synthetic:CxHxW:K:N; a range behind it "
             "takes a part: "
             "FILE.h5[0:16000]"},
    {"data.val", OPTION_TEXT, AT(data.val), "", MAY_CHANGE,
     .help = "set to evaluate on after every epoch; empty = none"},
    {"data.val_fraction", OPTION_REAL, AT(data.val_fraction), "0", 0, 1,
     .help = "share of the training set to evaluate on instead, chosen at random; 0 = none"},
    {"data.split_seed", OPTION_INT, AT(data.split_seed), "1", 0, MANY, .help = "seed of that choice"},
    {"data.x", OPTION_TEXT, AT(data.x), "",
     .help = "name of the features in the file; empty = look for the usual ones"},
    {"data.y", OPTION_TEXT, AT(data.y), "",
     .help = "name of the labels in the file; empty = look for the usual ones"},
    {"data.labels", OPTION_CHOICE, AT(data.labels), "auto", .choices = label_kinds,
     .help = "what the labels are: class indices, one-hot rows, rows of probabilities, 0 and 1 for each "
             "label, or real "
             "values; auto = what their type, shape and values, and the loss, say"},
    {"data.weights", OPTION_TEXT, AT(data.weights), "",
     .help = "name of the sample weights in the file; empty = all weigh the same"},
    {"data.allow_external", OPTION_BOOL, AT(data.allow_external), "false", MAY_CHANGE,
     .help = "follow what leads out of a data file: links, external storage, virtual datasets, filter "
             "plugins; only for files "
             "you trust"},
    {"data.normalize", OPTION_CHOICE, AT(data.normalize), "auto", .choices = normalize_kinds,
     .help =
         "auto = mean 0 and deviation 1 per channel of the training set; unit = uint8/255; none = as stored; "
         "standard = as auto, but per feature"},
    {"data.target_normalize", OPTION_CHOICE, AT(data.target_normalize), "none",
     .choices = target_normalize_kinds,
     .help = "standard = the loss sees real values with mean 0 and deviation 1 per target of the training "
             "set; scores are in "
             "original units"},

    {"model.input", OPTION_INPUT, AT(model), "auto",
     .help = "[F], [C, L], [C, H, W] or [C, D, H, W]; [H, W] = one channel, unless the data are (N,C,L); "
             "auto = as the data says"},
    {"model.layers", OPTION_LAYERS, AT(model), NULL, .help = "the layers from input to logits"},

    {"train.epochs", OPTION_INT, AT(epochs), "10", 0, 1e6, MAY_CHANGE,
     .help = "passes over the training set"},
    {"train.batch", OPTION_INT, AT(batch), "512", 1, 1 << 30,
     .help = "GLOBAL batch: samples per step over all ranks"},
    {"train.virtual_ranks", OPTION_INT, AT(virtual_ranks), "8", 1, 1 << 20,
     .help =
         "fixed slices of the batch, equal or with one sample more; the bits depend on this number, not on that of ranks"},
    {"train.shuffle", OPTION_BOOL, AT(shuffle), "true", .help = "a new sample order every epoch"},
    {"train.accumulate", OPTION_INT, AT(accumulate), "1", 1, 1 << 20,
     .help = "passes in which a virtual rank takes its part of the batch, to save memory; with A of them the "
             "bits are those of A times as many virtual ranks"},
    {"train.clip_norm", OPTION_REAL, AT(clip_norm), "0", 0, 1e30,
     .help = "limit of the gradient's norm over all parameters, as clip_grad_norm_; 0 = none"},
    {"train.clip_value", OPTION_REAL, AT(clip_value), "0", 0, 1e30,
     .help = "limit of each element of the gradient, as clip_grad_value_, after clip_norm; 0 = none"},
    {"train.clip_logits", OPTION_REAL, AT(clip_logits), "0", 0, 1e30,
     .help = "limit of the model's outputs (a last layer hardtanh); 0 = none"},
    {"train.max_bad_steps", OPTION_INT, AT(max_bad_steps), "10", 1, 1e9, MAY_CHANGE,
     .help = "so many steps in a row whose loss or gradient is not finite end the run (exit code 4); fewer "
             "are skipped and counted"},
    {"train.early_stop", OPTION_TEXT, AT(early_stop), "",
     .help = "metric that has to get better, such as val.loss or train.loss, or the run ends; empty = all "
             "epochs"},
    {"train.patience", OPTION_INT, AT(patience), "5", 1, 1e6, MAY_CHANGE,
     .help = "epochs in a row without a better train.early_stop before the run ends"},
    {"train.min_delta", OPTION_REAL, AT(min_delta), "0", 0, 1e30, MAY_CHANGE,
     .help = "change of train.early_stop that counts as better"},
    {"train.max_time", OPTION_TEXT, AT(max_time), "", MAY_CHANGE,
     .help = "time after which the run is saved and ends with exit code 75, to be started again with "
             "--resume auto: 90s, "
             "55m, 2h30m, or [D-]HH:MM:SS as in Slurm; empty = no limit"},

    {"optim.decay_biases", OPTION_BOOL, AT(decay_biases), "true",
     .help =
         "weight decay also for biases and other vectors, as PyTorch does; false spares them, and lars and "
         "lamb leave their rate as it is (a trust ratio of 1)"},

    {"schedule.metric", OPTION_TEXT, AT(schedule_metric), "val.loss",
     .help = "metric that reduce_on_plateau observes after every epoch, such as val.loss or train.loss"},

    {"sync.method", OPTION_CHOICE, AT(sync_method), "tree", .choices = sync_methods,
     .help = "tree = fixed summation tree, same bits at any rank count; allreduce = plain MPI_Allreduce"},
    {"sync.ranks_per_node", OPTION_INT, AT(ranks_per_node), "0", 0, 1 << 20, MAY_CHANGE,
     .help = "treat every so many ranks as one node; 0 = ask MPI"},
    {"sync.timeout", OPTION_REAL, AT(sync_timeout), "300", 0, 1e9, MAY_CHANGE,
     .help =
         "seconds without a step before a hanging job is ended with exit code 86, and 10 times as many in "
         "evaluations, loading and checkpoints; 0 = never"},
    {"sync.death_timeout", OPTION_REAL, AT(death_timeout), "10", 0, 1e9, MAY_CHANGE,
     .help = "seconds after which a job has ended in which a rank, the launcher or a machine died; 0 = leave "
             "it to "
             "the launcher"},
    {"sync.mixed", OPTION_CHOICE, AT(mixed), "refuse", MAY_CHANGE, .choices = mixed_kinds,
     .help = "machines that would not reckon the same bits (other program, processor, OpenBLAS or C "
             "library): refuse, or "
             "allow, which gives up that promise"},
    {"sync.check_every", OPTION_INT, AT(check_every), "100", 0, 1e9, MAY_CHANGE,
     .help = "steps after which all nodes compare what they held in each of them, besides before every "
             "checkpoint; a "
             "difference ends the run (exit code 5); 0 = never"},

    {"checkpoint.every_epochs", OPTION_INT, AT(checkpoint_every_epochs), "1", 0, 1e6, MAY_CHANGE,
     .help = "epochs between checkpoints; 0 = only the final one"},
    {"checkpoint.every_steps", OPTION_INT, AT(checkpoint_every_steps), "0", 0, 1e12, MAY_CHANGE,
     .help = "steps between checkpoints within and across epochs; 0 = none"},
    {"checkpoint.every_minutes", OPTION_REAL, AT(checkpoint_every_minutes), "0", 0, 1e6, MAY_CHANGE,
     .help = "minutes after the last checkpoint until the next one, whatever else is due; 0 = no such limit"},
    {"checkpoint.keep", OPTION_INT, AT(checkpoint_keep), "3", 1, 1e6, MAY_CHANGE,
     .help = "newest checkpoints to keep"},
    {"checkpoint.best", OPTION_TEXT, AT(checkpoint_best), "auto", MAY_CHANGE,
     .help =
         "metric that decides which checkpoint is the best, such as val.f1 or train.loss; auto = "
         "val.accuracy, or val.loss where there is none, or nothing without data.val; empty = none is kept"},

    {"metrics.top_k", OPTION_INT, AT(metrics_top_k), "5", 1, SCORES_MAX_CLASSES,
     .help = "how many of the greatest outputs top_k_accuracy looks at"},
    {"metrics.threshold", OPTION_REAL, AT(metrics_threshold), "0.5", 0, 1,
     .help = "probability above which a label counts as predicted"},

    {"log.every_steps", OPTION_INT, AT(log_every_steps), "50", 0, 1e9, MAY_CHANGE,
     .help = "steps between step lines in metrics.jsonl; 0 = none"},
    {.key = NULL},
};

const struct option *option_table(void)
{
    return options;
}

const struct option *option_find(const char *key)
{
    for (const struct option *o = options; o->key; o++)
        if (strcmp(o->key, key) == 0) return o;
    return NULL;
}

const char *const *option_sections(void)
{
    return sections;
}

static bool loss_entry(int index, struct family_entry *out)
{
    const struct loss_ops *ops = loss_registry()[index];
    if (ops) *out = (struct family_entry){ops->name, ops->help, ops->args, ops};
    return ops != NULL;
}

static bool optim_entry(int index, struct family_entry *out)
{
    const struct optim_ops *ops = optim_registry()[index];
    if (ops) *out = (struct family_entry){ops->name, ops->help, ops->args, ops, ops->check};
    return ops != NULL;
}

static bool schedule_entry(int index, struct family_entry *out)
{
    const struct schedule_ops *ops = schedule_registry()[index];
    if (ops) *out = (struct family_entry){ops->name, ops->help, ops->args, ops};
    return ops != NULL;
}

static const struct family families[] = {
    {"loss", "cross_entropy", AT(loss), AT(loss_args), loss_entry},
    {"optim", "sgd", AT(optim), AT(optim_args), optim_entry},
    {"schedule", "constant", AT(schedule), AT(schedule_args), schedule_entry},
    {.section = NULL},
};

const struct family *family_table(void)
{
    return families;
}

const struct family *family_find(const char *section, size_t length)
{
    for (const struct family *f = families; f->section; f++)
        if (strlen(f->section) == length && strncmp(f->section, section, length) == 0) return f;
    return NULL;
}

bool family_entry_find(const struct family *f, const char *name, struct family_entry *out)
{
    for (int i = 0; f->entry(i, out); i++)
        if (strcmp(out->name, name) == 0) return true;
    return false;
}

struct family_entry family_chosen(const struct family *f, const struct config *config)
{
    const void *ops;
    memcpy(&ops, (const char *)config + f->ops_offset, sizeof ops);
    struct family_entry entry;
    for (int i = 0; f->entry(i, &entry); i++)
        if (entry.ops == ops) break;
    return entry;
}
