/* options_help.c - help on keys, layers, blocks, losses, optimizers, schedules and metrics. */
#include <math.h>
#include <string.h>

#include "app/config/family.h"
#include "app/config/option_table.h"
#include "data/augment/augment.h"
#include "data/transform/transform.h"
#include "nn/metrics/metric.h"
#include "app/config/options.h"

static bool family_get_layer(int index, struct family_entry *out)
{
    const struct layer_ops *ops = layer_registry()[index];
    if (ops) *out = (struct family_entry){ops->name, ops->help, ops->args, ops, .aliases = ops->aliases};
    return ops != NULL;
}

/* Ends a line with " (rel, abs)" and the like, or with nothing. */
static void options_help_choices(FILE *out, const char *const *choices)
{
    for (int i = 0; choices && choices[i]; i++)
        fprintf(out, "%s%s", i ? ", " : " (", *choices[i] ? choices[i] : "''");
    fputs(choices ? ")\n" : "\n", out);
}

/* Prints " (or Conv2d)" and the like, or nothing. */
static void options_help_aliases(FILE *out, const char *const *aliases)
{
    for (int i = 0; aliases && aliases[i]; i++) fprintf(out, "%s%s", i ? ", " : " (or ", aliases[i]);
    if (aliases) fputc(')', out);
}

static int options_help_width(const struct arg *table)
{
    int width = 16;
    for (const struct arg *a = table; a && a->name; a++)
        if ((int)strlen(a->name) > width) width = (int)strlen(a->name);
    return width;
}

static void options_help_entries(FILE *out, bool (*entry_at)(int index, struct family_entry *out))
{
    struct family_entry entry;
    for (int i = 0; entry_at(i, &entry); i++) {
        fprintf(out, "    %s", entry.name);
        options_help_aliases(out, entry.aliases);
        fprintf(out, ": %s\n", entry.help);
        for (const struct arg *a = entry.args; a && a->name; a++) {
            char text[ARG_TEXT_SIZE] = "required";
            if (!isnan(a->default_value) && a->kind == ARG_LIST && !a->single)
                snprintf(text, sizeof text, "[]");
            else if (!isnan(a->default_value))
                arg_format(a, a->default_value, text);
            fprintf(out, "      %-*s %-12s %s", options_help_width(entry.args), a->name, text, a->help);
            options_help_aliases(out, a->alias ? (const char *const[]){a->alias, NULL} : NULL);
            options_help_choices(out, a->choices);
        }
    }
}

static void options_help_family(FILE *out, const char *section)
{
    const struct family *f = family_find(section, strlen(section));
    fprintf(out, "  %s.name (default: %s); each has its own keys in section %s:\n", f->section,
            f->default_name, f->section);
    options_help_entries(out, f->entry);
}

static void options_help_losses(FILE *out)
{
    options_help_family(out, "loss");
}

static void options_help_optimizers(FILE *out)
{
    options_help_family(out, "optim");
}

static void options_help_schedules(FILE *out)
{
    options_help_family(out, "schedule");
}

static void options_help_layers(FILE *out)
{
    fputs(
        "  Layers of model.layers, written as 'kind', 'kind: FIRST_ARGUMENT' or 'kind: {argument: value}'.\n"
        "  'name: NAME' among the arguments names a layer; 'from: NAME' or 'from: [NAME, ...]' reads "
        "earlier\n"
        "  layers (or input) instead of the layer before: {conv2d: {out: 16, kernel: 3, name: stem, from: "
        "input}}\n"
        "  'share: NAME' uses the parameters of an earlier layer of the same kind again: gradients add up, running\n"
        "  statistics are the mean over the uses. 'init' and 'bias_init': see 'ddp_train help initializers'.\n",
        out);
    options_help_entries(out, family_get_layer);
}

static bool family_get_init(int index, struct family_entry *out)
{
    const struct init_ops *ops = init_at(index);
    if (ops) *out = (struct family_entry){ops->name, ops->help, ops->args, ops};
    return ops != NULL;
}

static void options_help_init(FILE *out)
{
    fputs(
        "  Initial values, as torch.nn.init: model.init and model.bias_init for all convolutions and linear\n"
        "  layers; 'init: KIND' and 'bias_init: KIND' among the arguments of any layer with a weight or bias.\n"
        "  They are written as 'kind', '{kind: FIRST_ARGUMENT}' or '{kind: {argument: value}}':\n",
        out);
    options_help_entries(out, family_get_init);
}

static void options_help_blocks(FILE *out)
{
    fputs(
        "  Blocks are layers that repeat. model.blocks defines them, model.layers uses them like layers:\n"
        "\n"
        "    model:\n"
        "      blocks:\n"
        "        basic:\n"
        "          args: {out: , stride: 1}          # parameters; empty = required\n"
        "          layers:\n"
        "            - conv2d: {out: $out, kernel: 3, stride: $stride, padding: 1, name: conv1}\n"
        "            - relu\n"
        "            - conv2d: {out: $out, kernel: 3, padding: 1, name: conv2}\n"
        "            - conv2d: {out: $out, kernel: 1, stride: $stride, from: in, when: $stride > 1, name: skip}\n"
        "            - add: {from: [conv2, skip]}\n"
        "      layers:\n"
        "        - basic: {out: 16, repeat: 3, name: stage1}\n"
        "        - basic: {out: 32, stride: 2 if $i == 0 else 1, repeat: 3, name: stage2}\n"
        "        - linear: 10\n"
        "\n"
        "  A block is {args: {...}, layers: [...]}, or a list of layers: then all parameters are required.\n"
        "  $NAME is the value of a parameter. Expressions have Python's operators: + - * / // % **, == != <\n"
        "  <= > >=, and or not, A if C else B. A parameter may also be a list, or a kind of layer: '- $act'.\n"
        "  An entry that uses a block has the block's parameters and:\n"
        "    repeat   number of times, one after another; $i in the arguments is the repetition, from 0\n"
        "    name     goes before the names in the block: stage2.0.conv1; the name itself is the output\n"
        "    from     inputs of the block: 'in' there, or in.0, in.1, ...; a repetition reads the one before\n"
        "             in the place of in.0\n"
        "    share    name of an earlier use of the block, whose parameters it uses again\n"
        "    when     false = leave it out; also of layers. Its name then stands for what it would have read\n"
        "  --print-config --expanded prints the layers that blocks stand for.\n",
        out);
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

static void options_help_transforms(FILE *out)
{
    fputs(
        "  What all samples go through in place of data.normalize, data.transforms: a list of 'kind',\n"
        "  'kind: FIRST_ARGUMENT' or 'kind: {argument: value}', done in this order in training, eval, predict and the\n"
        "  library. Numbers of the training set are measured on what the entries before leave of whole samples (without\n"
        "  data.augment). Where channels, resize and crop_center change the shape of samples, the model is built for\n"
        "  the new one:\n",
        out);
    options_help_entries(out, family_get_transform);
}

static bool family_get_augment(int index, struct family_entry *out)
{
    return family_get_kind(augment_kind_at(index), out);
}

static void options_help_augment(FILE *out)
{
    fputs(
        "  Random changes of samples in training, data.augment: a list of 'kind', 'kind: FIRST_ARGUMENT' or\n"
        "  'kind: {argument: value}', done in this order: first kinds that move positions, of the samples as stored,\n"
        "  then kinds that change values, as the model gets them, then mixup and cutmix. Axes are d, h, w; the axis\n"
        "  of signals is w. Labels and weights for each position move with the features; numbers of\n"
        "  data.normalize and data.transforms have to be per channel then. Where window and crop take parts, the model\n"
        "  is built for these, and data.transforms follow on them. A sample looks the same at any number of ranks\n"
        "  (run.seed, epoch and number of the sample decide), and after resuming:\n",
        out);
    options_help_entries(out, family_get_augment);
}

static void options_help_metric(FILE *out, const struct metric_ops *m, unsigned kinds)
{
    bool averages = m->averages && kinds != METRIC_OF(SCORES_BINARY);
    fprintf(out, "    %s: %s", m->name, m->help);
    for (int a = AVERAGE_MICRO; averages && a < METRIC_AVERAGES; a++)
        if (a != AVERAGE_SAMPLES || kinds == METRIC_OF(SCORES_LABELS))
            fprintf(out, "%s %s", a == AVERAGE_MICRO ? "; also" : ",",
                    metric_average_suffix((enum metric_average)a));
    fprintf(out, "%s\n",
            m->kinds & kinds & METRIC_OF(SCORES_CLASSES) || kinds != METRIC_OF_CLASSES ? ""
                                                                                       : " (two classes)");
}

static void options_help_metrics(FILE *out)
{
    static const struct {
        const char *title;
        unsigned kinds;
    } groups[] = {{"classes", METRIC_OF_CLASSES},
                  {"a single label (0 or 1)", METRIC_OF(SCORES_BINARY)},
                  {"several labels", METRIC_OF(SCORES_LABELS)},
                  {"real values", METRIC_OF(SCORES_VALUES)}};
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        fprintf(out, "  Metrics for %s:\n", groups[g].title);
        for (const struct metric_ops *const *m = metric_registry(); *m; m++)
            if ((*m)->kinds & groups[g].kinds) options_help_metric(out, *m, groups[g].kinds);
    }
    fputs(
        "  Averages as in scikit-learn (zero_division=0): NAME_micro counts all classes or labels together,\n"
        "  NAME_macro (the same as NAME) is the mean over them, NAME_weighted weighs them by their samples,\n"
        "  NAME_samples is the mean over samples. Metrics do not use data.weights. A label given as a\n"
        "  probability counts as 1 above 0.5.\n",
        out);
}

static void options_help_option(FILE *out, const struct option *o)
{
    const char *value = !o->default_text ? "required" : *o->default_text ? o->default_text : "''";
    fprintf(out, "  %-26s %-12s %s", o->key, value, o->help);
    options_help_choices(out, o->choices);
}

static void options_help_keys(FILE *out)
{
    static void (*const others[])(FILE *) = {
        options_help_losses, options_help_optimizers, options_help_schedules, options_help_layers,
        options_help_blocks, options_help_transforms, options_help_augment,   options_help_metrics};
    fputs(
        "Keys of the configuration file, with their defaults. Each key is also a flag (--train.batch=256 or\n"
        "--set train.batch=256) and an environment variable (DDP_TRAIN_TRAIN_BATCH=256).\n\n",
        out);
    for (const struct option *o = option_table(); o->key; o++) options_help_option(out, o);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        fputc('\n', out);
        others[i](out);
    }
}

static const struct topic {
    const char *name;
    void (*print)(FILE *out);
} topics[] = {{"keys", options_help_keys},
              {"layers", options_help_layers},
              {"blocks", options_help_blocks},
              {"initializers", options_help_init},
              {"transforms", options_help_transforms},
              {"augment", options_help_augment},
              {"losses", options_help_losses},
              {"optimizers", options_help_optimizers},
              {"schedules", options_help_schedules},
              {"metrics", options_help_metrics},
              {.name = NULL}};

bool options_help(const char *topic, FILE *out)
{
    const struct topic *t = topics;
    while (t->name && strcmp(t->name, topic) != 0) t++;
    if (t->name) t->print(out);
    return t->name != NULL;
}

void options_offer_topics(struct suggest *s)
{
    for (const struct topic *t = topics; t->name; t++) suggest_offer(s, t->name);
}
