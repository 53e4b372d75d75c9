/* topics.c - describes keys, layers, blocks, losses, optimizers, schedules and metrics. */
#include "app/config/topics/topics.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "app/config/family.h"
#include "app/config/option_table.h"
#include "data/augment/augment.h"
#include "data/transform/transform.h"
#include "nn/metrics/metric.h"

#define KEY_WIDTH 26

static bool family_get_layer(int index, struct family_entry *out)
{
    const struct layer_ops *ops = layer_registry()[index];
    if (ops) *out = (struct family_entry){ops->name, ops->help, ops->args, ops, .aliases = ops->aliases};
    return ops != NULL;
}

/* Where a topic goes. */
struct topics_sink {
    const struct topics_writer *to;
    FILE *out;
};

static void topics_text(const struct topics_sink *t, const char *text)
{
    t->to->text(t->out, text);
}

static int topics_width(const struct arg *table)
{
    int width = 16;
    for (const struct arg *a = table; a && a->name; a++)
        if ((int)strlen(a->name) > width) width = (int)strlen(a->name);
    return width;
}

static void topics_arg(const struct topics_sink *t, const struct arg *a, int width)
{
    char value[ARG_TEXT_SIZE] = "required";
    if (!isnan(a->default_value) && a->kind == ARG_LIST && !a->single)
        snprintf(value, sizeof value, "[]");
    else if (!isnan(a->default_value))
        arg_format(a, a->default_value, value);
    t->to->item(t->out, &(struct topics_item){a->name, value, a->help, a->alias, a->choices, width,
                                              .of_entry = true});
}

static void topics_entries(const struct topics_sink *t, bool (*entry_at)(int index, struct family_entry *out))
{
    struct family_entry entry;
    for (int i = 0; entry_at(i, &entry); i++) {
        t->to->entry(t->out, entry.name, entry.aliases, entry.help);
        for (const struct arg *a = entry.args; a && a->name; a++) topics_arg(t, a, topics_width(entry.args));
    }
}

static void topics_family(const struct topics_sink *t, const char *section)
{
    const struct family *f = family_find(section, strlen(section));
    char text[128];
    snprintf(text, sizeof text, "%s.name (default: %s); each has its own keys in section %s:\n", f->section,
             f->default_name, f->section);
    topics_text(t, text);
    topics_entries(t, f->entry);
}

static void topics_losses(const struct topics_sink *t)
{
    topics_family(t, "loss");
}

static void topics_optimizers(const struct topics_sink *t)
{
    topics_family(t, "optim");
}

static void topics_schedules(const struct topics_sink *t)
{
    topics_family(t, "schedule");
}

static void topics_layers(const struct topics_sink *t)
{
    topics_text(
        t,
        "Layers of model.layers, written as 'kind', 'kind: FIRST_ARGUMENT' or 'kind: {argument: value}'.\n"
        "'name: NAME' among the arguments names a layer; 'from: NAME' or 'from: [NAME, ...]' reads earlier\n"
        "layers (or input) instead of the layer before: {conv2d: {out: 16, kernel: 3, name: stem, from: input}}\n"
        "'share: NAME' uses the parameters of an earlier layer of the same kind again: gradients add up, running\n"
        "statistics are the mean over the uses. 'init' and 'bias_init': see 'ddp_train help initializers'.\n");
    topics_entries(t, family_get_layer);
}

static bool family_get_init(int index, struct family_entry *out)
{
    const struct init_ops *ops = init_at(index);
    if (ops) *out = (struct family_entry){ops->name, ops->help, ops->args, ops};
    return ops != NULL;
}

static void topics_init(const struct topics_sink *t)
{
    topics_text(
        t,
        "Initial values, as torch.nn.init: model.init and model.bias_init for all convolutions and linear\n"
        "layers; 'init: KIND' and 'bias_init: KIND' among the arguments of any layer with a weight or bias.\n"
        "They are written as 'kind', '{kind: FIRST_ARGUMENT}' or '{kind: {argument: value}}':\n");
    topics_entries(t, family_get_init);
}

static void topics_blocks(const struct topics_sink *t)
{
    topics_text(
        t,
        "Blocks are layers that repeat. model.blocks defines them, model.layers uses them like layers:\n"
        "\n"
        "  model:\n"
        "    blocks:\n"
        "      basic:\n"
        "        args: {out: , stride: 1}          # parameters; empty = required\n"
        "        layers:\n"
        "          - conv2d: {out: $out, kernel: 3, stride: $stride, padding: 1, name: conv1}\n"
        "          - relu\n"
        "          - conv2d: {out: $out, kernel: 3, padding: 1, name: conv2}\n"
        "          - conv2d: {out: $out, kernel: 1, stride: $stride, from: in, when: $stride > 1, name: skip}\n"
        "          - add: {from: [conv2, skip]}\n"
        "    layers:\n"
        "      - basic: {out: 16, repeat: 3, name: stage1}\n"
        "      - basic: {out: 32, stride: 2 if $i == 0 else 1, repeat: 3, name: stage2}\n"
        "      - linear: 10\n"
        "\n"
        "A block is {args: {...}, layers: [...]}, or a list of layers: then all parameters are required.\n"
        "$NAME is the value of a parameter. Expressions have Python's operators: + - * / // % **, == != <\n"
        "<= > >=, and or not, A if C else B. A parameter may also be a list, or a kind of layer: '- $act'.\n"
        "An entry that uses a block has the block's parameters and:\n"
        "  repeat   number of times, one after another; $i in the arguments is the repetition, from 0\n"
        "  name     goes before the names in the block: stage2.0.conv1; the name itself is the output\n"
        "  from     inputs of the block: 'in' there, or in.0, in.1, ...; a repetition reads the one before\n"
        "           in the place of in.0\n"
        "  share    name of an earlier use of the block, whose parameters it uses again\n"
        "  when     false = leave it out; also of layers. Its name then stands for what it would have read\n"
        "--print-config --expanded prints the layers that blocks stand for.\n");
}

static bool family_get_kind(const struct data_kind *kind, struct family_entry *out)
{
    if (kind) *out = (struct family_entry){kind->name, kind->help, kind->args, kind};
    return kind != NULL;
}

static bool family_get_transform(int index, struct family_entry *out)
{
    return family_get_kind(transform_kind_at(index), out);
}

static void topics_transforms(const struct topics_sink *t)
{
    topics_text(
        t,
        "What all samples go through in place of data.normalize, data.transforms: a list of 'kind',\n"
        "'kind: FIRST_ARGUMENT' or 'kind: {argument: value}', done in this order in training, eval, predict and the\n"
        "library. Numbers of the training set are measured on what the entries before leave of whole samples (without\n"
        "data.augment). Where channels, resize and crop_center change the shape of samples, the model is built for\n"
        "the new one:\n");
    topics_entries(t, family_get_transform);
}

static bool family_get_augment(int index, struct family_entry *out)
{
    return family_get_kind(augment_kind_at(index), out);
}

static void topics_augment(const struct topics_sink *t)
{
    topics_text(
        t,
        "Random changes of samples in training, data.augment: a list of 'kind', 'kind: FIRST_ARGUMENT' or\n"
        "'kind: {argument: value}', done in this order: first kinds that move positions, of the samples as stored,\n"
        "then kinds that change values, as the model gets them, then mixup and cutmix. Axes are d, h, w; the axis\n"
        "of signals is w. Labels and weights for each position move with the features; numbers of\n"
        "data.normalize and data.transforms have to be per channel then. Where window and crop take parts, the model\n"
        "is built for these, and data.transforms follow on them. A sample looks the same at any number of ranks\n"
        "(run.seed, epoch and number of the sample decide), and after resuming:\n");
    topics_entries(t, family_get_augment);
}

static void topics_metric(const struct topics_sink *t, const struct metric_ops *m, unsigned kinds)
{
    bool averages = m->averages && kinds != METRIC_OF(SCORES_BINARY);
    char text[256];
    int length = snprintf(text, sizeof text, "%s", m->help);
    for (int a = AVERAGE_MICRO; averages && a < METRIC_AVERAGES; a++)
        if (a != AVERAGE_SAMPLES || kinds == METRIC_OF(SCORES_LABELS))
            length +=
                snprintf(text + length, sizeof text - (size_t)length, "%s %s",
                         a == AVERAGE_MICRO ? "; also" : ",", metric_average_suffix((enum metric_average)a));
    if (!(m->kinds & kinds & METRIC_OF(SCORES_CLASSES)) && kinds == METRIC_OF_CLASSES)
        length += snprintf(text + length, sizeof text - (size_t)length, " (two classes)");
    assert(length < (int)sizeof text);
    t->to->entry(t->out, m->name, NULL, text);
}

static void topics_metrics(const struct topics_sink *t)
{
    static const struct {
        const char *title;
        unsigned kinds;
    } groups[] = {{"Metrics for classes:\n", METRIC_OF_CLASSES},
                  {"Metrics for a single label (0 or 1):\n", METRIC_OF(SCORES_BINARY)},
                  {"Metrics for several labels:\n", METRIC_OF(SCORES_LABELS)},
                  {"Metrics for real values:\n", METRIC_OF(SCORES_VALUES)}};
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        topics_text(t, groups[g].title);
        for (const struct metric_ops *const *m = metric_registry(); *m; m++)
            if ((*m)->kinds & groups[g].kinds) topics_metric(t, *m, groups[g].kinds);
    }
    topics_text(
        t,
        "Averages as in scikit-learn (zero_division=0): NAME_micro counts all classes or labels together,\n"
        "NAME_macro (the same as NAME) is the mean over them, NAME_weighted weighs them by their samples,\n"
        "NAME_samples is the mean over samples. Metrics do not use data.weights. A label given as a\n"
        "probability counts as 1 above 0.5.\n");
}

static void topics_keys(const struct topics_sink *t)
{
    topics_text(
        t,
        "Keys of the configuration file, with their defaults. Each key is also a flag (--train.batch=256 or\n"
        "--set train.batch=256) and an environment variable (DDP_TRAIN_TRAIN_BATCH=256).\n\n");
    for (const struct option *o = option_table(); o->key; o++) {
        const char *value = !o->default_text ? "required" : *o->default_text ? o->default_text : "''";
        t->to->item(t->out,
                    &(struct topics_item){o->key, value, o->help, NULL, o->choices, KEY_WIDTH, false});
    }
}

static const struct topic {
    const char *name;
    void (*describe)(const struct topics_sink *t);
} topics[] = {{"keys", topics_keys},
              {"losses", topics_losses},
              {"optimizers", topics_optimizers},
              {"schedules", topics_schedules},
              {"layers", topics_layers},
              {"blocks", topics_blocks},
              {"initializers", topics_init},
              {"transforms", topics_transforms},
              {"augment", topics_augment},
              {"metrics", topics_metrics},
              {.name = NULL}};

const char *topics_at(int index)
{
    return topics[index].name;
}

bool topics_write(const char *topic, const struct topics_writer *w, FILE *out)
{
    const struct topic *t = topics;
    while (t->name && strcmp(t->name, topic) != 0) t++;
    if (t->name) t->describe(&(struct topics_sink){w, out});
    return t->name != NULL;
}

void topics_offer(struct suggest *s)
{
    for (const struct topic *t = topics; t->name; t++) suggest_offer(s, t->name);
}
