/* option_table.c - every key of the configuration: type, range, default, help. */
#include "app/config/option_table.h"

#include <string.h>

#include "data/augment/augment.h"
#include "data/transform/transform.h"
#include "nn/scores/scores.h"

#define AT(field) offsetof(struct config, field)
#define MAX_INT   9007199254740992.0 /* 2^53: integers up to here are exact in every number format */

/* May differ when a run is resumed, because it changes no step up to there: names, places of files (the
 * content of data is compared instead), what is logged and kept, when the run ends, and how ranks lie on
 * nodes. Every other key changes results, the metrics in metrics.jsonl included. */
#define MAY_CHANGE .may_change = true

static const char *const products_ways[] = {"auto", "blas", NULL}; /* enum products */
static const char *const precisions[] = {"float32", "bf16", NULL}; /* enum config_precision */
static const char *const isa_levels[] = {"auto", "base", "v2", "v3", "v4", NULL};

/* enum data_normalize, data_labels, data_target_normalize; config_sync, config_mixed */
static const char *const normalize_kinds[] = {"auto", "unit", "none", "standard", NULL};
static const char *const label_kinds[] = {"auto", "index", "onehot", "probs", "multilabel", "target", NULL};
static const char *const target_normalize_kinds[] = {"none", "standard", NULL};
static const char *const missing_ways[] = {"error", "mean", "zero", "drop_sample",
                                           NULL}; /* enum data_missing */
static const char *const sync_methods[] = {"tree", "allreduce", NULL};
static const char *const mixed_kinds[] = {"refuse", "allow", NULL};

static const char *const anneal_kinds[] = {"cos", "linear", NULL}; /* enum config_anneal */

static const char *const samplers[] = {"once", "weighted", "balanced", NULL}; /* enum data_sampler */
static const char *const sample_kinds[] = {"axis", "files", "objects", NULL};           /* enum data_samples */
static const char *const on_error_kinds[] = {"stop", "skip", NULL};           /* enum data_on_error */
static const char *const store_kinds[] = {"auto",    "node",   "cluster",
                                          "scratch", "window", NULL}; /* enum data_store */
static const char *const layout_kinds[] = {"auto", "NCL",   "NLC",   "NCHW",
                                           "NHWC", "NCDHW", "NDHWC", NULL}; /* enum data_layout */
static const char *const sections[] = {"run",      "data", "model",      "loss",    "train", "optim",
                                       "schedule", "sync", "checkpoint", "metrics", "log",   NULL};

/* clang-format off */
static const struct option options[] = {
    {.key = "run.name", .kind = OPTION_TEXT, .offset = AT(run_name),
     .default_text = "run", MAY_CHANGE,
     .help = "names the run directory"},
    {.key = "run.seed", .kind = OPTION_INT, .offset = AT(seed),
     .default_text = "1", .max = MAX_INT,
     .help = "seed of the initial weights, the sample order, dropout and data.augment"},
    {.key = "run.isa", .kind = OPTION_TEXT, .offset = AT(isa),
     .default_text = "auto", .choices = isa_levels,
     .help = "instruction-set level of the kernels; levels from v3 on give the same results"},
    {.key = "run.products", .kind = OPTION_CHOICE, .offset = AT(products),
     .default_text = "auto", .choices = products_ways,
     .help = "who computes convolutions and linear layers: auto = the program's own kernels where they are "
             "faster, else BLAS; blas = always BLAS"},

    {.key = "data.train", .kind = OPTION_LOCATOR, .offset = AT(data.train),
     MAY_CHANGE,
     .help = "training set: FILE.h5, FILE.h5:GROUP, demo:train, another drawn set (waves:train, picks:train, "
             "fields:train, shapes:train or storms:train; also with a size, shapes:train:128) or "
             "synthetic:CxHxW:K:N; append a range to use a part of it: FILE.h5[0:16000]; "
             "many files as a list, a pattern such as part-*.h5 (in the order of their names), or @LIST, a text "
             "file of names"},
    {.key = "data.val", .kind = OPTION_LOCATOR, .offset = AT(data.val),
     .default_text = "", MAY_CHANGE,
     .help = "validation set, evaluated after every epoch; empty = none"},
    {.key = "data.val_fraction", .kind = OPTION_REAL, .offset = AT(data.val_fraction),
     .default_text = "0", .max = 1,
     .help = "fraction of the training set to hold out for validation, chosen at random; 0 = none"},
    {.key = "data.split_seed", .kind = OPTION_INT, .offset = AT(data.split_seed),
     .default_text = "1", .max = MAX_INT,
     .help = "seed of the random choice of data.val_fraction"},
    {.key = "data.x", .kind = OPTION_TEXT, .offset = AT(data.x),
     .default_text = "",
     .help = "name of the features in the file; empty = look for common names"},
    {.key = "data.y", .kind = OPTION_TEXT, .offset = AT(data.y),
     .default_text = "",
     .help = "name of the labels in the file, of a column of a table TABLE/COLUMN; empty = look for common names; x, or "
             "the name of the features: the targets are the normalized features themselves (autoencoder)"},
    {.key = "data.samples", .kind = OPTION_CHOICE, .offset = AT(data.samples),
     .default_text = "axis", .choices = sample_kinds,
     .help = "what a sample is: a row of the features (axis: the first one), a whole file (files), or each object of "
             "FILE.h5:GROUP in the order of their names (objects): a data set, or a group with x and y"},
    {.key = "data.index", .kind = OPTION_TEXT, .offset = AT(data.index),
     .default_text = "", MAY_CHANGE,
     .help = "CSV file with the labels of files or objects (data.samples): a header, names of samples in the first "
             "column, class numbers or real values in the column, or columns A,B,..., that data.y names; empty = labels "
             "are in the data"},
    {.key = "data.on_error", .kind = OPTION_CHOICE, .offset = AT(data.on_error),
     .default_text = "stop", .choices = on_error_kinds, MAY_CHANGE,
     .help = "what happens to samples that cannot be read (a damaged chunk, NaN), and to such files among many: stop = "
             "the run ends; skip = they are named and left out. The whole set is read for that at the start, so that "
             "they are the same in every data.store and at any number of ranks; what turns bad later stops the run"},
    {.key = "data.time_limit", .kind = OPTION_INT, .offset = AT(data.time_limit),
     .default_text = "10", .min = 1, .max = 250, MAY_CHANGE,
     .help = "seconds of processor time that finding out what a data file holds may take, and the reading of one "
             "piece of it; six times as much wall time; protects against damaged and malicious files"},
    {.key = "data.val_x", .kind = OPTION_TEXT, .offset = AT(data.val_x),
     .default_text = "", MAY_CHANGE, .help = "name of the features in data.val; empty = as data.x"},
    {.key = "data.val_y", .kind = OPTION_TEXT, .offset = AT(data.val_y),
     .default_text = "", MAY_CHANGE, .help = "name of the labels in data.val; empty = as data.y"},
    {.key = "data.val_weights", .kind = OPTION_TEXT, .offset = AT(data.val_weights),
     .default_text = "", MAY_CHANGE,
     .help = "name of the weights in data.val; empty = as data.weights; none = it has no weights"},
    {.key = "data.val_index", .kind = OPTION_TEXT, .offset = AT(data.val_index),
     .default_text = "", MAY_CHANGE, .help = "CSV file with the labels of data.val; empty = as data.index"},
    {.key = "data.layout", .kind = OPTION_CHOICE, .offset = AT(data.layout),
     .default_text = "auto", .choices = layout_kinds,
     .help = "order of the axes of the stored features; auto = the file's attribute layout, else channels "
             "first, where (N,A,B) are images of one channel (signals: NCL)"},
    {.key = "data.labels", .kind = OPTION_CHOICE, .offset = AT(data.labels),
     .default_text = "auto", .choices = label_kinds,
     .help = "kind of labels: class indices, one-hot rows, rows of probabilities, 0 or 1 for each "
             "label, or real values, one for each sample, or for each position of the model's outputs, such "
             "as (N,H,W) or (N,K,H,W); auto = decide by their type, shape and values and by the loss"},
    {.key = "data.weights", .kind = OPTION_TEXT, .offset = AT(data.weights),
     .default_text = "",
     .help = "name of the weights in the file, one for each sample or for each position of its labels; empty = "
             "all weigh the same"},
    {.key = "data.allow_external", .kind = OPTION_BOOL, .offset = AT(data.allow_external),
     .default_text = "false", MAY_CHANGE,
     .help = "follow links, external storage, virtual datasets and filter plugins of HDF5 files; only "
             "for files you trust"},
    {.key = "data.normalize", .kind = OPTION_CHOICE, .offset = AT(data.normalize),
     .default_text = "auto", .choices = normalize_kinds,
     .help = "auto = mean 0 and standard deviation 1 per channel, from the training set; standard = "
             "the same per feature; unit = uint8 / 255; none = as stored"},
    {.key = "data.target_normalize", .kind = OPTION_CHOICE, .offset = AT(data.target_normalize),
     .default_text = "none", .choices = target_normalize_kinds,
     .help = "standard = the loss sees real-valued targets with mean 0 and standard deviation 1, from "
             "the training set; metrics stay in original units"},
    {.key = "data.missing", .kind = OPTION_CHOICE, .offset = AT(data.missing),
     .default_text = "error", .choices = missing_ways,
     .help = "what becomes of missing values, which are NaN and the attributes _FillValue and missing_value of NetCDF "
             "files: error; mean = the mean of the channel (with normalize: standard of the feature) over the values "
             "that the training set has, before all else; zero = 0; drop_sample = the sample is left out, also where "
             "its label or weight is missing"},
    {.key = "data.label_offset", .kind = OPTION_INT, .offset = AT(data.label_offset),
     .default_text = "0", .min = -1e9, .max = 1e9,
     .help = "number of the first class, which is taken from all class indices: 1 where labels are 1..K; the class that "
             "the loss ignores stays as it is stored"},
    {.key = "data.label_map", .kind = OPTION_LABEL_MAP, .offset = AT(data.label_map),
     .default_text = "",
     .help = "which number in the file stands for which class: {3: 0, 8: 1}, or [3, 8] in the order of the classes; "
             "ignore in place of a class, or others: ignore for all other numbers, makes them the class that the "
             "loss ignores; other numbers are errors; empty = numbers are classes"},
    {.key = "data.shift", .kind = OPTION_INT, .offset = AT(data.shift),
     .default_text = "0", .min = -1e12, .max = 1e12,
     .help = "a sample has the labels of this many samples later in its file (72: what comes in three days of hours), or "
             "earlier if it is negative; the last samples of each file, or of its range, or the first, have none and "
             "are left out; with data.y: x the targets are the features of that sample, as stored"},
    {.key = "data.transforms", .kind = OPTION_STEPS, .offset = AT(data.transforms),
     .default_text = "", .kinds = transform_kind_at,
     .help = "what all samples go through in place of data.normalize, in this order, such as [log1p, standard] (see "
             "'ddp_train help transforms'); empty = data.normalize"},
    {.key = "data.augment", .kind = OPTION_STEPS, .offset = AT(data.augment),
     .default_text = "", .kinds = augment_kind_at,
     .help = "random changes of samples in training, in this order, such as [{crop: 4}, flip] (see 'ddp_train help "
             "augment'); empty = none"},

    {.key = "data.store", .kind = OPTION_CHOICE, .offset = AT(data.store),
     .default_text = "auto", .choices = store_kinds, MAY_CHANGE,
     .help = "where the features live: node = in the memory of every node; cluster = spread over the memory of all "
             "nodes; scratch = in a file on a disk of every node; window = in their file, blocks of which are "
             "shuffled and read into windows, an order of its own; auto = the first of node, cluster and scratch "
             "that has room, which all give the same results"},
    {.key = "data.scratch_dir", .kind = OPTION_TEXT, .offset = AT(data.scratch_dir),
     .default_text = "", MAY_CHANGE,
     .help = "folder for data.store: scratch; empty = $SLURM_TMPDIR, $TMPDIR or /tmp"},
    {.key = "data.block", .kind = OPTION_INT, .offset = AT(data.block),
     .default_text = "0", .max = MAX_INT,
     .help = "data.store: window: samples of a block, which are read together; 0 = 256 KB, in whole chunks of "
             "the file"},
    {.key = "data.window", .kind = OPTION_INT, .offset = AT(data.window),
     .default_text = "0", .max = MAX_INT,
     .help = "data.store: window: samples that are shuffled together, in whole blocks; two windows are in "
             "memory; 0 = a 16th of the set and 256 MB at most, but 16 blocks at least"},

    {.key = "model.input", .kind = OPTION_INPUT, .offset = AT(model),
     .default_text = "auto",
     .help = "shape of a sample: [F], [C, L], [C, H, W] or [C, D, H, W]; two numbers are [C, L] of "
             "signals (data.layout: NCL), else [H, W] of one channel; auto = from the data"},
    {.key = "model.init", .kind = OPTION_INIT, .offset = AT(model),
     .default_text = "default", MAY_CHANGE,
     .help = "how weights of convolutions and linear layers start (see 'ddp_train help initializers'); a layer's "
             "own 'init' comes before it"},
    {.key = "model.bias_init", .kind = OPTION_INIT, .offset = AT(model), .max = 1,
     .default_text = "default", MAY_CHANGE,
     .help = "how their biases start; a layer's own 'bias_init' comes before it"},
    {.key = "model.blocks", .kind = OPTION_BLOCKS, .offset = AT(model),
     .default_text = "",
     .help = "layers that repeat, by name, for use in model.layers (see 'ddp_train help blocks')"},
    {.key = "model.layers", .kind = OPTION_LAYERS, .offset = AT(model),
     .help = "the layers, from the input to the outputs"},
    {.key = "model.freeze", .kind = OPTION_PATTERNS, .offset = AT(model.freeze),
     .default_text = "",
     .help = "patterns of names of parameters that are not trained, such as [\"00.*\", \"encoder*/weight\"]: "
             "names as inspect prints them, or NAME/weight of a layer with a name; running statistics of "
             "norms still move, as in PyTorch"},

    {.key = "train.epochs", .kind = OPTION_INT, .offset = AT(epochs),
     .default_text = "10", .max = 1e6, MAY_CHANGE,
     .help = "passes over the training set"},
    {.key = "train.batch", .kind = OPTION_INT, .offset = AT(batch),
     .default_text = "512", .min = 1, .max = 1 << 30,
     .help = "GLOBAL batch size: samples per step over all ranks"},
    {.key = "train.virtual_ranks", .kind = OPTION_INT, .offset = AT(virtual_ranks),
     .default_text = "8", .min = 1, .max = 1 << 20,
     .help = "number of fixed slices of the global batch, which differ by at most one sample; runs with the "
             "same number give identical bits at any rank count"},
    {.key = "train.precision", .kind = OPTION_CHOICE, .offset = AT(precision),
     .default_text = "float32", .choices = precisions,
     .help = "bf16 = linear layers and convolutions round the inputs of their products to bfloat16, all else, sums and "
             "weights too, stays float32; not so where a convolution is depthwise or takes Winograd's algorithm (3x3, "
             "stride 1, 12 channels and more), nor gradients of weights of fewer than 16 outputs or 64 inputs; faster "
             "where the CPU has vdpbf16ps, else slower"},
    {.key = "train.shuffle", .kind = OPTION_BOOL, .offset = AT(shuffle),
     .default_text = "true",
     .help = "use a new sample order in every epoch"},
    {.key = "train.sampler", .kind = OPTION_CHOICE, .offset = AT(sampler),
     .default_text = "once", .choices = samplers,
     .help = "how an epoch chooses samples: once = each one once; weighted = as many draws with replacement, by "
             "data.weights, which the loss then does not use (torch's WeightedRandomSampler); balanced = the same, but "
             "each class equally often, as weighted does without data.weights"},
    {.key = "train.accumulate", .kind = OPTION_INT, .offset = AT(accumulate),
     .default_text = "1", .min = 1, .max = 1 << 20,
     .help = "gradient accumulation: passes per virtual rank and step, to save memory; A passes give "
             "the bits of A times as many virtual ranks"},
    {.key = "train.clip_norm", .kind = OPTION_REAL, .offset = AT(clip_norm),
     .default_text = "0", .max = 1e30,
     .help = "maximum norm of the gradient over all parameters, as clip_grad_norm_ in PyTorch; 0 = "
             "none"},
    {.key = "train.clip_value", .kind = OPTION_REAL, .offset = AT(clip_value),
     .default_text = "0", .max = 1e30,
     .help = "maximum absolute value of each gradient element, as clip_grad_value_ in PyTorch; applied"
             " after clip_norm; 0 = none"},
    {.key = "train.clip_logits", .kind = OPTION_REAL, .offset = AT(clip_logits),
     .default_text = "0", .max = 1e30,
     .help = "maximum absolute value of the model's outputs; 0 = none"},
    {.key = "train.max_bad_steps", .kind = OPTION_INT, .offset = AT(max_bad_steps),
     .default_text = "10", .min = 1, .max = 1e9, MAY_CHANGE,
     .help = "end the run (exit code 4) after this many steps in a row with a loss or gradient that is"
             " not finite; fewer are skipped and counted"},
    {.key = "train.early_stop", .kind = OPTION_TEXT, .offset = AT(early_stop),
     .default_text = "",
     .help = "metric for early stopping, such as val.loss or train.loss; empty = train all epochs"},
    {.key = "train.patience", .kind = OPTION_INT, .offset = AT(patience),
     .default_text = "5", .min = 1, .max = 1e6, MAY_CHANGE,
     .help = "epochs without improvement of train.early_stop after which the run ends"},
    {.key = "train.min_delta", .kind = OPTION_REAL, .offset = AT(min_delta),
     .default_text = "0", .max = 1e30, MAY_CHANGE,
     .help = "minimum change of train.early_stop that counts as improvement"},
    {.key = "train.ema", .kind = OPTION_REAL, .offset = AT(ema),
     .default_text = "0", .max = 0.99999999,
     .help = "decay, such as 0.999, of an exponential moving average of the weights, which evaluation, predict and "
             "the library then use; running statistics of norms are copied; 0 = none"},
    {.key = "train.ema_warmup", .kind = OPTION_BOOL, .offset = AT(ema_warmup),
     .default_text = "false",
     .help = "use the decay (1 + n) / (10 + n) after n updates of the average while that is less"},
    {.key = "train.ema_every", .kind = OPTION_INT, .offset = AT(ema_every),
     .default_text = "1", .min = 1, .max = 1e12,
     .help = "steps between updates of the average of train.ema"},
    {.key = "train.swa", .kind = OPTION_INT, .offset = AT(swa),
     .default_text = "0", .max = 1e6,
     .help = "stochastic weight averaging: the first epoch (from 1) whose final weights enter an equal average, "
             "which evaluation, predict and the library then use; running statistics of norms are measured again with "
             "these weights after each such epoch (as update_bn), which takes as long as the epoch; 0 = none"},
    {.key = "train.swa_lr", .kind = OPTION_REAL, .offset = AT(swa_lr),
     .default_text = "0", .max = 1e6,
     .help = "learning rate that train.swa anneals to, from that of the schedule where its first epoch begins, as "
             "torch.optim.swa_utils.SWALR; 0 = keep the schedule"},
    {.key = "train.swa_anneal_epochs", .kind = OPTION_INT, .offset = AT(swa_anneal_epochs),
     .default_text = "10", .max = 1e6,
     .help = "epochs until the rate is train.swa_lr"},
    {.key = "train.swa_anneal", .kind = OPTION_CHOICE, .offset = AT(swa_anneal),
     .default_text = "cos", .choices = anneal_kinds,
     .help = "how the rate moves to train.swa_lr"},
    {.key = "train.max_time", .kind = OPTION_TEXT, .offset = AT(max_time),
     .default_text = "", MAY_CHANGE,
     .help = "time after which the run saves and ends with exit code 75, to be continued with --resume"
             " auto: 90s, 55m, 2h30m, or [D-]HH:MM:SS as in Slurm; empty = no limit"},

    {.key = "optim.decay_biases", .kind = OPTION_BOOL, .offset = AT(decay_biases),
     .default_text = "true",
     .help = "apply weight decay also to biases and other vectors, as PyTorch does; with false, lars "
             "and lamb use a trust ratio of 1 for them"},

    {.key = "optim.groups", .kind = OPTION_GROUPS, .offset = AT(groups),
     .default_text = "",
     .help = "factors of the learning rate and the weight decay of parameters by their names, such as [{match: "
             "\"encoder*\", lr: 0.1, weight_decay: 0}]; where several match, the factors are multiplied"},
    {.key = "optim.max_norm", .kind = OPTION_REAL, .offset = AT(max_norm),
     .default_text = "0", .max = 1e30,
     .help = "after each step, every row W[o] of a weight of two or more axes that is longer is scaled to this "
             "norm, as torch.renorm; 0 = none"},
    {.key = "optim.max_norm_match", .kind = OPTION_PATTERNS, .offset = AT(max_norm_match),
     .default_text = "",
     .help = "patterns of names of the weights that optim.max_norm limits; empty = all"},

    {.key = "schedule.metric", .kind = OPTION_TEXT, .offset = AT(schedule_metric),
     .default_text = "val.loss",
     .help = "metric that reduce_on_plateau observes after every epoch, such as val.loss or train.loss"},

    {.key = "sync.method", .kind = OPTION_CHOICE, .offset = AT(sync_method),
     .default_text = "tree", .choices = sync_methods,
     .help = "tree = fixed summation tree, identical bits at any rank count; allreduce = plain "
             "MPI_Allreduce"},
    {.key = "sync.ranks_per_node", .kind = OPTION_INT, .offset = AT(ranks_per_node),
     .default_text = "0", .max = 1 << 20, MAY_CHANGE,
     .help = "treat every N ranks as one node; 0 = ask MPI"},
    {.key = "sync.timeout", .kind = OPTION_REAL, .offset = AT(sync_timeout),
     .default_text = "300", .max = 1e9, MAY_CHANGE,
     .help = "seconds without a finished step after which a job that hangs is ended with exit code 86;"
             " 10 times as long for evaluation, loading and checkpoints; 0 = never"},
    {.key = "sync.death_timeout", .kind = OPTION_REAL, .offset = AT(death_timeout),
     .default_text = "10", .max = 1e9, MAY_CHANGE,
     .help = "seconds within which a job ends after a rank, the launcher or a machine died; 0 = leave "
             "it to the launcher"},
    {.key = "sync.mixed", .kind = OPTION_CHOICE, .offset = AT(mixed),
     .default_text = "refuse", .choices = mixed_kinds, MAY_CHANGE,
     .help = "machines that would not produce bit-identical results (different program, processor, "
             "OpenBLAS or C library): refuse them, or allow them and give up that guarantee"},
    {.key = "sync.check_every", .kind = OPTION_INT, .offset = AT(check_every),
     .default_text = "100", .max = 1e9, MAY_CHANGE,
     .help = "steps between comparisons of the state of all nodes, also done before every checkpoint; "
             "a difference ends the run (exit code 5); 0 = never"},

    {.key = "checkpoint.every_epochs", .kind = OPTION_INT, .offset = AT(checkpoint_every_epochs),
     .default_text = "1", .max = 1e6, MAY_CHANGE,
     .help = "epochs between checkpoints; 0 = only the final one"},
    {.key = "checkpoint.every_steps", .kind = OPTION_INT, .offset = AT(checkpoint_every_steps),
     .default_text = "0", .max = 1e12, MAY_CHANGE,
     .help = "steps between checkpoints, counted across epochs; 0 = none"},
    {.key = "checkpoint.every_minutes", .kind = OPTION_REAL, .offset = AT(checkpoint_every_minutes),
     .default_text = "0", .max = 1e6, MAY_CHANGE,
     .help = "maximum number of minutes between checkpoints; 0 = no limit"},
    {.key = "checkpoint.keep", .kind = OPTION_INT, .offset = AT(checkpoint_keep),
     .default_text = "3", .min = 1, .max = 1e6, MAY_CHANGE,
     .help = "number of newest checkpoints to keep"},
    {.key = "checkpoint.best", .kind = OPTION_TEXT, .offset = AT(checkpoint_best),
     .default_text = "auto", MAY_CHANGE,
     .help = "metric that selects the best checkpoint, such as val.f1 or train.loss; auto = "
             "val.accuracy, or val.loss where there is no accuracy, or none without a validation set; "
             "empty = keep none"},

    {.key = "metrics.top_k", .kind = OPTION_INT, .offset = AT(metrics_top_k),
     .default_text = "5", .min = 1, .max = SCORES_MAX_CLASSES,
     .help = "k of top_k_accuracy"},
    {.key = "metrics.threshold", .kind = OPTION_REAL, .offset = AT(metrics_threshold),
     .default_text = "0.5", .max = 1,
     .help = "probability above which a label counts as predicted"},

    {.key = "log.every_steps", .kind = OPTION_INT, .offset = AT(log_every_steps),
     .default_text = "50", .max = 1e9, MAY_CHANGE,
     .help = "steps between step lines in metrics.jsonl; 0 = none"},
    {.key = "log.report_every", .kind = OPTION_INT, .offset = AT(report_every),
     .default_text = "10", .max = 1e9, MAY_CHANGE,
     .help = "epochs after which report.html and metrics.csv are written again during the run, in at "
             "most 2 % of its time; 0 = only at its end"},
    {.key = "log.tensorboard", .kind = OPTION_BOOL, .offset = AT(tensorboard),
     .default_text = "false", MAY_CHANGE,
     .help = "write event files (events.out.tfevents.*) into the run directory, for TensorBoard: loss, "
             "accuracy and learning rate of steps and epochs, all metrics and the confusion matrix of "
             "evaluations"},
    {.key = NULL},
};
/* clang-format on */

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
