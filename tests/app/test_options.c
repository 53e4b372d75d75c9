/* Settings from a file, the environment and flags become a configuration, and what is wrong is named with its
 * place. */
#include "app/resolve.h"
#include "core/mem.h"

static void refuse(const char *text, char *variable, const char *flag, const char *message)
{
    struct config config;
    CHECK_STATUS(resolve(text, variable, flag, &config), STATUS_CONFIG);
    CHECK(strncmp(status_text(), message, strlen(message)) == 0);
    if (strncmp(status_text(), message, strlen(message)) != 0)
        fprintf(stderr, "  got: %s\n  not: %s\n", status_text(), message);
    options_free(&config);
}

static double optim_value(const struct config *config, const char *name)
{
    return config->optim_args.of[arg_find(config->optim->args, name)];
}

static void test_defaults(void)
{
    struct config c;
    CHECK_STATUS(resolve(DATA MODEL, NULL, NULL, &c), STATUS_OK);
    CHECK(strcmp(c.data.train, "t.h5") == 0 && strcmp(c.data.val, "") == 0);
    CHECK(c.virtual_ranks == 8 && c.shuffle && c.data.normalize == NORMALIZE_AUTO &&
          c.sync_method == SYNC_TREE);
    CHECK(shape_features(c.model.input) == 0 && c.model.layer_count == 2);
    CHECK(c.loss == loss_find("cross_entropy") && c.optim == optim_find("sgd"));
    CHECK(c.schedule == schedule_find("constant"));
    options_free(&c);
}

static void test_time(void)
{
    struct config c;
    CHECK_STATUS(resolve(DATA MODEL, NULL, NULL, &c), STATUS_OK);
    CHECK(strcmp(c.max_time, "") == 0);
    options_free(&c);
    CHECK_STATUS(resolve(DATA MODEL "train: {max_time: 1-12:00:00}", NULL, NULL, &c), STATUS_OK);
    CHECK(strcmp(c.max_time, "1-12:00:00") == 0);
    options_free(&c);
    refuse(DATA MODEL "train: {max_time: 90}", NULL, NULL,
           "train.max_time (f.yaml:3:19): '90' is not a duration");
    refuse(DATA MODEL, NULL, "train.max_time=0s", "train.max_time (flag): '0s' is zero");
}

static void test_data(void)
{
    struct config c;
    for (int kind = 0; kind < TARGET_KINDS; kind++) {
        char flag[64];
        snprintf(flag, sizeof flag, "data.labels=%s", target_name((enum target_kind)kind));
        CHECK_STATUS(resolve(DATA MODEL, NULL, flag, &c), STATUS_OK);
        CHECK(c.data.labels - 1 == kind);
        options_free(&c);
    }
    CHECK_STATUS(resolve("data: {train: 't.h5:g[4::5]', val_fraction: 0.25, split_seed: 7, weights: w, "
                         "normalize: standard,\n"
                         "       target_normalize: standard}\n" MODEL,
                         NULL, NULL, &c),
                 STATUS_OK);
    CHECK(strcmp(c.data.train, "t.h5:g[4::5]") == 0 && c.data.val_fraction == 0.25 && c.data.split_seed == 7);
    CHECK(strcmp(c.data.weights, "w") == 0 && c.data.labels == LABELS_AUTO &&
          c.data.normalize == NORMALIZE_STANDARD);
    CHECK(c.data.target_normalize == TARGET_NORMALIZE_STANDARD);
    options_free(&c);
    refuse("data: {train: t.h5, val: v.h5, val_fraction: 0.25}\n" MODEL, NULL, NULL,
           "data.val_fraction (f.yaml:1:46): is 0.25, but data.val is v.h5; leave one of them out");
    refuse(DATA MODEL, NULL, "data.val_fraction=1.5", "data.val_fraction (flag): 1.5 is outside 0..1");
    refuse(DATA MODEL, NULL, "data.labels=class", "data.labels (flag): 'class' ");
}

static void test_numbers(void)
{
    static const struct {
        const char *text;
        double value;
    } good[] = {{"1e-3", 0.001}, {"5.0e-4", 0.0005}, {".5", 0.5}, {"1", 1}, {"+2E1", 20}, {"\"0.25\"", 0.25}};
    static const char *const bad[] = {"0.1abc", "1e", "nan", "inf", "0x10", "1 2", "''", "-1", "[1]"};
    char text[256];
    struct config c;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        snprintf(text, sizeof text, DATA MODEL "optim: {lr: %s}\n", good[i].text);
        CHECK_STATUS(resolve(text, NULL, NULL, &c), STATUS_OK);
        CHECK(optim_value(&c, "lr") == good[i].value);
        options_free(&c);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof text, "optim:\n  lr: %s\n" DATA MODEL, bad[i]);
        refuse(text, NULL, NULL, "optim.lr (f.yaml:2:7): ");
    }
    CHECK_STATUS(resolve(DATA MODEL "train: {batch: 1e3}\n", NULL, NULL, &c), STATUS_OK);
    CHECK(c.batch == 1000);
    options_free(&c);
}

static void test_precedence(void)
{
    struct config c;
    CHECK_STATUS(resolve(DATA MODEL "optim: {lr: 1}\n", "DDP_TRAIN_OPTIM_LR=2", "optim.lr=3", &c), STATUS_OK);
    CHECK(optim_value(&c, "lr") == 3);
    options_free(&c);
    CHECK_STATUS(resolve(DATA MODEL "optim: {lr: 1}\n", "DDP_TRAIN_OPTIM_LR=2", NULL, &c), STATUS_OK);
    CHECK(optim_value(&c, "lr") == 2);
    options_free(&c);
    CHECK_STATUS(
        resolve(DATA MODEL, "DDP_TRAIN_OPTIM_WEIGHT_DECAY=5e-4", "model.layers=[{linear: {out: 3}}]", &c),
        STATUS_OK);
    CHECK(optim_value(&c, "weight_decay") == 5e-4 && c.model.layer_count == 1 &&
          c.model.layers[0].args[0] == 3);
    options_free(&c);
    CHECK_STATUS(
        resolve(DATA MODEL, "DDP_TRAIN_DATA_LABEL_MAP={3: 0, 8: 1}", "model.blocks={a: [{linear: 3}]}", &c),
        STATUS_OK);
    CHECK(c.data.label_map.count == 2 && c.data.label_map.of[1].number == 8 &&
          c.data.label_map.of[1].class == 1);
    options_free(&c);
    refuse(DATA MODEL, NULL, "optim.lr={a: 1}", "optim.lr (flag):");
    refuse(DATA MODEL, NULL, "data.augment={flip: w}", "data.augment (flag): expects a list");
    CHECK_STATUS(resolve(DATA MODEL, "DDP_TRAIN_BIN=/some/where", NULL, &c), STATUS_OK);
    options_free(&c);
}

static void test_origins(void)
{
    refuse("optim:\n  lrr: 1\n" DATA MODEL, NULL, NULL,
           "optim.lrr (f.yaml:2:3): unknown key; did you mean 'optim.lr'?");
    refuse(DATA MODEL, "DDP_TRAIN_OPTIM_LRR=1", NULL,
           "optim.lrr (environment DDP_TRAIN_OPTIM_LRR): unknown key; did you mean 'optim.lr'?");
    refuse(DATA MODEL, NULL, "optim.lr=fast", "optim.lr (flag): 'fast' is not a number");
    refuse(DATA MODEL "epochs: 3\n", NULL, NULL,
           "epochs (f.yaml:3:1): unknown key; did you mean 'train.epochs'?");
    refuse(DATA MODEL "trian: {epochs: 3}\n", NULL, NULL,
           "trian.epochs (f.yaml:3:9): unknown key; did you mean 'train.epochs'?");
    refuse(DATA MODEL "zebra: {}\n", NULL, NULL, "zebra (f.yaml:3:1): unknown key (");
    refuse(DATA MODEL "train: 3\n", NULL, NULL, "train (f.yaml:3:1): is a section");
    refuse(
        DATA MODEL "loss: mse\n", NULL, NULL,
        "loss (f.yaml:3:1): is a section and has no value; write keys below it, such as 'loss: {name: mse}'");
    refuse(DATA MODEL "train: {batch: 0}\n", NULL, NULL, "train.batch (f.yaml:3:16): 0 is outside 1..");
    refuse(DATA MODEL "sync: {method: star}\n", NULL, NULL,
           "sync.method (f.yaml:3:16): 'star' is not one of tree, allreduce");
    refuse(DATA MODEL "loss: {name: l7}\n", NULL, NULL,
           "loss.name (f.yaml:3:14): 'l7' is not one of cross_entropy");
    refuse(DATA MODEL "schedule: {gamma: 0.5}\n", NULL, NULL,
           "schedule.gamma (f.yaml:3:12): schedule 'constant' has no such key; its keys: warmup_epochs");
    refuse(DATA MODEL, NULL, "model.layers=[relu", "model.layers (flag):2:1: ");
    refuse("[1]\n", NULL, NULL, "f.yaml:1:1: a configuration starts with a section");
}

static void test_whole(void)
{
    refuse(MODEL, NULL, NULL, "data.train is missing");
    refuse(DATA, NULL, NULL, "model.layers is missing");
    struct config c; /* a batch need not divide */
    CHECK_STATUS(resolve(DATA MODEL "train: {batch: 100, accumulate: 5}\n", NULL, NULL, &c), STATUS_OK);
    options_free(&c);
    refuse(DATA MODEL "optim: {nesterov: true}\n", NULL, NULL,
           "optim 'sgd': nesterov: needs momentum > 0 and dampening 0");
    refuse(DATA MODEL "optim: {nesterov: true, momentum: 0.9, dampening: 0.1}\n", NULL, NULL,
           "optim 'sgd': nesterov: needs momentum > 0 and dampening 0");
    refuse(DATA MODEL "run: {name: a/b}\n", NULL, NULL,
           "run.name (f.yaml:3:13): 'a/b' is not a valid folder name");
}

/* A key of what a higher level replaced is skipped. */
static void test_replaced_choice(void)
{
    struct config c;
    CHECK_STATUS(
        resolve(DATA MODEL "schedule: {name: step, gamma: 0.5}\n", NULL, "schedule.name=constant", &c),
        STATUS_OK);
    CHECK(c.schedule == schedule_find("constant"));
    options_free(&c);
}

static void test_layers(void)
{
    struct config c;
    const char *text =
        DATA "model:\n  input: [8, 4]\n  layers:\n    - conv2d: {out: 4, kernel: 3, bias: no}\n"
             "    - relu:\n    - maxpool2d: 2\n    - dropout\n    - linear: {out: 10}\n";
    CHECK_STATUS(resolve(text, NULL, NULL, &c), STATUS_OK);
    CHECK(c.model.layer_count == 5 && c.model.input.c == 8 && c.model.input.rank == 1 &&
          c.model.input.d[AXIS_W] == 4);
    CHECK(c.model.layers[0].ops == layer_find("conv2d") &&
          c.model.layers[0].args[arg_slot(c.model.layers[0].ops->args,
                                          arg_find(c.model.layers[0].ops->args, "bias"))] == 0);
    CHECK(c.model.layers[2].args[AXIS_W] == 2 && c.model.layers[3].args[0] == 0.5);
    options_free(&c);

    refuse(DATA "model:\n  layers:\n    - convd: 3\n", NULL, NULL,
           "model.layers (f.yaml:4:7): unknown layer 'convd'; did you mean 'conv1d'?");
    refuse(DATA "model:\n  layers:\n    - conv2d: {outt: 3}\n", NULL, NULL,
           "model.layers (f.yaml:4:22): conv2d has no 'outt'; did you mean 'out'?");
    refuse(DATA "model:\n  layers:\n    - conv2d: 3\n", NULL, NULL,
           "model.layers (f.yaml:4:7): conv2d needs 'kernel'");
    refuse(DATA "model: {layers: [{dropout: 1.5}]}\n", NULL, NULL,
           "model.layers (f.yaml:2:28): dropout: p: 1.5 is outside");
    refuse(DATA "model: {layers: [{relu: 3}]}\n", NULL, NULL,
           "model.layers (f.yaml:2:25): relu takes no arguments");
    refuse(DATA "model: {layers: [{relu: , linear: 3}]}\n", NULL, NULL,
           "model.layers (f.yaml:2:18): a layer is");
    refuse(DATA "model: {layers: relu}\n", NULL, NULL, "model.layers (f.yaml:2:17): the layers are a list");
    refuse(DATA "model: {layers: [relu], input: [1, 2, 3, 4, 5]}\n", NULL, NULL,
           "model.input (f.yaml:2:32): the input is");
    refuse(DATA "model: {layers: [relu], input: [1, 0]}\n", NULL, NULL,
           "model.input (f.yaml:2:36): 0 is outside");
}

static void check_milestones(const struct config *c, int count, const double *want)
{
    int at = arg_find(c->schedule->args, "milestones");
    CHECK(c->schedule_args.of[at] == count);
    for (int i = 0; i < count && i < (int)c->schedule_args.of[at]; i++)
        CHECK(c->schedule_args.list[at][i] == want[i]);
    CHECK(count > 0 || c->schedule_args.list[at] == NULL);
}

/* A list comes from a file, the environment or a flag, and the last level replaces it as a whole. */
static void test_lists(void)
{
    const char *text = DATA MODEL "schedule:\n  name: multi_step\n  milestones: [1, 2.5, 1e1]\n";
    struct config c;
    CHECK_STATUS(resolve(text, NULL, NULL, &c), STATUS_OK);
    check_milestones(&c, 3, (const double[]){1, 2.5, 10});
    options_free(&c);
    CHECK_STATUS(resolve(text, "DDP_TRAIN_SCHEDULE_MILESTONES=[4, 5]", NULL, &c), STATUS_OK);
    check_milestones(&c, 2, (const double[]){4, 5});
    options_free(&c);
    CHECK_STATUS(
        resolve(text, "DDP_TRAIN_SCHEDULE_MILESTONES=[4, 5]", "schedule.milestones=[ 7 ,8,9, 10 ]", &c),
        STATUS_OK);
    check_milestones(&c, 4, (const double[]){7, 8, 9, 10});
    options_free(&c);
    CHECK_STATUS(resolve(text, NULL, "schedule.milestones=[]", &c), STATUS_OK);
    check_milestones(&c, 0, NULL);
    options_free(&c);
    CHECK_STATUS(resolve(text, NULL, "schedule.name=constant", &c), STATUS_OK);
    options_free(&c);

    refuse(text, NULL, "schedule.milestones=3",
           "schedule.milestones (flag): expects a list of numbers such as [0.5, 2]");
    refuse(text, NULL, "schedule.milestones=[1, x]",
           "schedule.milestones (flag): element 2: 'x' is not a number");
    refuse(text, NULL, "schedule.milestones=[1, 2", "schedule.milestones (flag):");
    refuse(text, "DDP_TRAIN_SCHEDULE_MILESTONES=[1, [2]]", NULL,
           "schedule.milestones (environment DDP_TRAIN_SCHEDULE_MILESTONES): element 2: expects a number");
    refuse(DATA MODEL "schedule: {name: multi_step}\n", NULL, NULL,
           "schedule 'multi_step' needs 'milestones' (");
    refuse(DATA MODEL "schedule:\n  name: multi_step\n  milestones:\n  - 3\n  - -1\n", NULL, NULL,
           "schedule.milestones (f.yaml:7:5): element 2: -1 is outside 0..");
    refuse(DATA MODEL "optim: {lr: [1, 2]}\n", NULL, NULL, "optim.lr (f.yaml:3:13): expects a single value");
}

static void test_choices(void)
{
    const char *text = DATA MODEL "schedule: {name: reduce_on_plateau, threshold_mode: abs}\n";
    struct config c;
    CHECK_STATUS(resolve(text, NULL, NULL, &c), STATUS_OK);
    CHECK(c.schedule_args.of[arg_find(c.schedule->args, "threshold_mode")] == 1);
    options_free(&c);
    CHECK_STATUS(resolve(text, "DDP_TRAIN_SCHEDULE_THRESHOLD_MODE=rel", NULL, &c), STATUS_OK);
    CHECK(c.schedule_args.of[arg_find(c.schedule->args, "threshold_mode")] == 0);
    options_free(&c);
    refuse(text, NULL, "schedule.threshold_mode=1",
           "schedule.threshold_mode (flag): '1' is not one of rel, abs");
}

/* Patterns of names, and groups of parameters. */
static void test_patterns(void)
{
    const char *text = DATA "model:\n  freeze: \"stem*\"\n  layers: [{linear: 2}]\n"
                            "optim:\n  groups: [{match: \"*bias\", weight_decay: 0}, {lr: 0.1, match: x}]\n"
                            "  max_norm: 3\n  max_norm_match: [\"a*\", b]\n";
    struct config c;
    CHECK_STATUS(resolve(text, NULL, NULL, &c), STATUS_OK);
    CHECK(c.model.freeze.count == 1 && strcmp(c.model.freeze.text[0], "stem*") == 0);
    CHECK(c.groups.count == 2 && strcmp(c.groups.of[0].match, "*bias") == 0);
    CHECK(c.groups.of[0].lr == 1 && c.groups.of[0].weight_decay == 0);
    CHECK(c.groups.of[1].lr == 0.1 && c.groups.of[1].weight_decay == 1);
    CHECK(c.max_norm == 3 && c.max_norm_match.count == 2 && strcmp(c.max_norm_match.text[1], "b") == 0);
    options_free(&c);
    CHECK_STATUS(resolve(text, "DDP_TRAIN_MODEL_FREEZE=", "optim.groups=[]", &c), STATUS_OK);
    CHECK(c.model.freeze.count == 0 && c.groups.count == 0);
    options_free(&c);

    refuse(text, NULL, "optim.groups=3",
           "optim.groups (flag): expects a list of groups such as [{match: \"encoder*\", lr: 0.1}]");
    refuse(text, NULL, "optim.groups=[{lr: 1}]",
           "optim.groups (flag): a group is {match: PATTERN, lr: FACTOR, weight_decay: FACTOR}");
    refuse(text, NULL, "optim.groups=[{match: a, lr: -1}]", "optim.groups (flag): lr: -1 is outside 0..");
    refuse(text, NULL, "optim.groups=[{match: a, lr: x}]", "optim.groups (flag): lr: 'x' is not a number");
    refuse(text, NULL, "optim.groups=[{match: a, decay: 1}]", "optim.groups (flag): a group has no 'decay'");
    refuse(text, NULL, "model.freeze=[[a]]", "model.freeze (flag): expects a pattern of names");
    char many[512] = "model.freeze=[a";
    for (int i = 1; i < 65; i++) strcat(many, ", a");
    strcat(many, "]");
    refuse(text, NULL, many, "model.freeze (flag): more than 64 patterns");
    refuse(DATA MODEL "optim: {name: adagrad}\nschedule: {name: cyclic, base_lr: 0.1, max_lr: 1}\n", NULL,
           NULL,
           "schedule.cycle_momentum (default): optim 'adagrad' has no momentum that a schedule can move");
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_defaults());
    CHECK_CASE(test_data());
    CHECK_CASE(test_time());
    CHECK_CASE(test_numbers());
    CHECK_CASE(test_precedence());
    CHECK_CASE(test_origins());
    CHECK_CASE(test_whole());
    CHECK_CASE(test_replaced_choice());
    CHECK_CASE(test_layers());
    CHECK_CASE(test_lists());
    CHECK_CASE(test_choices());
    CHECK_CASE(test_patterns());
    CHECK(mem_alive() == 0);
    return check_result();
}
