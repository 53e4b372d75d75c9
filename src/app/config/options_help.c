/* The help on keys and on what the registries offer. */
#include <math.h>
#include <string.h>

#include "app/config/option_table.h"
#include "nn/metrics/metric.h"
#include "app/config/options.h"

static bool layer_entry(int index, struct family_entry *out)
{
    const struct layer_ops *ops = layer_registry()[index];
    if (ops) *out = (struct family_entry){ops->name, ops->help, ops->args, ops};
    return ops != NULL;
}

/* The end of a line: " (rel, abs)" and the like, or nothing. */
static void help_choices(FILE *out, const char *const *choices)
{
    for (int i = 0; choices && choices[i]; i++)
        fprintf(out, "%s%s", i ? ", " : " (", *choices[i] ? choices[i] : "''");
    fputs(choices ? ")\n" : "\n", out);
}

static int names_width(const struct arg *table)
{
    int width = 16;
    for (const struct arg *a = table; a && a->name; a++)
        if ((int)strlen(a->name) > width) width = (int)strlen(a->name);
    return width;
}

static void help_entries(FILE *out, bool (*entry_at)(int index, struct family_entry *out))
{
    struct family_entry entry;
    for (int i = 0; entry_at(i, &entry); i++) {
        fprintf(out, "    %s: %s\n", entry.name, entry.help);
        for (const struct arg *a = entry.args; a && a->name; a++) {
            char text[ARG_TEXT_SIZE] = "required";
            if (!isnan(a->standard) && a->kind == ARG_LIST)
                snprintf(text, sizeof text, "[]");
            else if (!isnan(a->standard))
                arg_format(a, a->standard, text);
            fprintf(out, "      %-*s %-12s %s", names_width(entry.args), a->name, text, a->help);
            help_choices(out, a->choices);
        }
    }
}

static void help_family(FILE *out, const char *section)
{
    const struct family *f = family_find(section, strlen(section));
    fprintf(out, "  %s.name (default %s), each with its own keys below %s:\n", f->section, f->standard,
            f->section);
    help_entries(out, f->entry);
}

static void help_losses(FILE *out)
{
    help_family(out, "loss");
}

static void help_optimizers(FILE *out)
{
    help_family(out, "optim");
}

static void help_schedules(FILE *out)
{
    help_family(out, "schedule");
}

static void help_layers(FILE *out)
{
    fputs("  Layers for model.layers, written 'kind', 'kind: FIRST_ARGUMENT' or 'kind: {argument: value}':\n",
          out);
    help_entries(out, layer_entry);
}

static void help_metric(FILE *out, const struct metric_ops *m, unsigned kinds)
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

static void help_metrics(FILE *out)
{
    static const struct {
        const char *title;
        unsigned kinds;
    } groups[] = {{"classes", METRIC_OF_CLASSES},
                  {"one label that is on or off", METRIC_OF(SCORES_BINARY)},
                  {"several labels", METRIC_OF(SCORES_LABELS)},
                  {"real values", METRIC_OF(SCORES_VALUES)}};
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        fprintf(out, "  Metrics of an evaluation of %s:\n", groups[g].title);
        for (const struct metric_ops *const *m = metric_registry(); *m; m++)
            if ((*m)->kinds & groups[g].kinds) help_metric(out, *m, groups[g].kinds);
    }
    fputs("  NAME_micro counts all together, NAME_macro (and NAME) averages, NAME_weighted by the samples of "
          "each class or\n"
          "  label, NAME_samples over samples. Definitions are those of scikit-learn with zero_division=0.\n"
          "  Samples count alike, whatever data.weights says. A label that is a target between 0 and 1 is on "
          "above 1/2.\n",
          out);
}

static void help_option(FILE *out, const struct option *o)
{
    const char *standard = !o->standard ? "required" : *o->standard ? o->standard : "''";
    fprintf(out, "  %-26s %-12s %s", o->key, standard, o->help);
    help_choices(out, o->choices);
}

static void help_keys(FILE *out)
{
    static void (*const others[])(FILE *) = {help_losses, help_optimizers, help_schedules, help_layers,
                                             help_metrics};
    fputs("Keys of the configuration file, with their defaults. Each is also a flag (--train.batch=256 or\n"
          "--set train.batch=256) and an environment variable (DDP_TRAIN_TRAIN_BATCH=256).\n\n",
          out);
    for (const struct option *o = option_table(); o->key; o++) help_option(out, o);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        fputc('\n', out);
        others[i](out);
    }
}

static const struct topic {
    const char *name;
    void (*print)(FILE *out);
} topics[] = {{"keys", help_keys},
              {"layers", help_layers},
              {"losses", help_losses},
              {"optimizers", help_optimizers},
              {"schedules", help_schedules},
              {"metrics", help_metrics},
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
