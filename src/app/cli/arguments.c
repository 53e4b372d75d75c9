/* arguments.c - reads the command line: a command, its words, and flags. */
#include "app/cli/arguments.h"

#include <stdio.h>
#include <string.h>

#include "app/config/option_table.h"
#include "app/config/options.h"
#include "app/config/suggest.h"

#define KEY_SIZE 128

#define AT(field) offsetof(struct arguments, field)

static const struct flag flags[] = {
    {"config", "FILE", AT(config), "configuration file (default: ddp_train.yaml in this folder)",
     FLAGS_CONFIG, 'c'},
    {"set", "KEY=VALUE", 0, "set any key; the same as --KEY=VALUE or --KEY VALUE", FLAGS_CONFIG, 0},
    {"print-config", NULL, AT(print_config), "print the resolved configuration and stop", FLAGS_CONFIG, 0},
    {"expanded", NULL, AT(expanded), "with --print-config: blocks as the layers they stand for", FLAGS_CONFIG,
     0},
    {"output", "DIR", AT(start.output), "run directory (default: runs/NAME-TIME)", FLAGS_RUN, 'o'},
    {"overwrite", NULL, AT(start.overwrite), "replace the run that is in the run directory", FLAGS_RUN, 0},
    {"resume", "auto|PATH|never", AT(start.resume),
     "continue a run from its newest valid checkpoint, or from PATH (default: never)", FLAGS_RUN, 0},
    {"resume-override", NULL, AT(start.resume_override),
     "continue even if configuration or data differ in a way that changes the results", FLAGS_RUN, 0},
    {"init-from", "FILE", AT(start.init_from),
     "start a new run with weights of a checkpoint, PyTorch, safetensors, .npz or Keras, where names and shapes match",
     FLAGS_RUN, 0},
    {"init-map", "FILE", AT(init_map),
     "--init-from: names there and here, as YAML or in two columns; '*' keeps its text, '-' leaves out",
     FLAGS_RUN, 0},
    {"init-strict", NULL, AT(init_strict),
     "--init-from: a tensor that is not loaded, or not used, is an error", FLAGS_RUN, 0},
    {"plain-weights", NULL, AT(plain_weights),
     "use the weights of training, although the checkpoint has averaged ones (train.ema, train.swa)",
     FLAGS_WEIGHTS, 0},
    {"timeline", "FILE", AT(timeline), "write a trace of what each rank did when, for ui.perfetto.dev",
     FLAGS_RUN, 0},
    {"timeline-steps", "FIRST:COUNT", AT(timeline_steps), "steps of the timeline (default: 10:20)", FLAGS_RUN,
     0},
    {"graph", "FILE", AT(graph), "draw the model: FILE.svg, or FILE.dot for graphviz", FLAGS_CHECK, 0},
    {"data", "LOCATOR", AT(data),
     "data set, as in data.train: FILE.h5, FILE.h5:GROUP, a pattern or list of files, demo:test", FLAGS_DATA,
     0},
    {"on-error", "stop|skip", AT(names.on_error),
     "samples that cannot be read end the command, or are left out and counted", FLAGS_DATA, 0},
    {"allow-external", NULL, AT(allow_external),
     "follow links, virtual datasets and filter plugins in HDF5 files that you trust", FLAGS_EXTERNAL, 0},
    {"class-names", "A,B,...", AT(class_names), "idx: names of the classes, in label order", FLAGS_IDX, 0},
    {"target", "COLUMNS", AT(target), "csv, arff: columns to predict", FLAGS_TABLE, 0},
    {"labels", "KIND", AT(labels), "csv, arff: kind of labels: auto (default), index, multilabel, target",
     FLAGS_TABLE, 0},
    {"drop", "COLUMNS", AT(drop), "csv, arff: columns to leave out", FLAGS_TABLE, 0},
    {"missing", "WHAT", AT(missing),
     "csv, arff: missing values: error (default), mean (fill in), drop (the row)", FLAGS_TABLE, 0},
    {"split", "FRACTION", AT(split), "csv, arff: fraction of the rows, chosen at random, for the test set",
     FLAGS_TABLE, 0},
    {"seed", "N", AT(seed), "csv, arff: seed of --split (default: 1)", FLAGS_TABLE, 0},
    {"split-at", "ROW", AT(split_at), "csv, arff: rows from ROW on (counted from 0) are the test set",
     FLAGS_TABLE, 0},
    {"test-every", "N", AT(test_every), "csv, arff: the last of every N rows goes to the test set",
     FLAGS_TABLE, 0},
    {"test-file", "FILE", AT(test_file), "csv, arff: the file with the test set", FLAGS_TABLE, 0},
    {"categorical", "COLUMNS", AT(categorical), "csv: text columns to encode as one column of x per value",
     FLAGS_CSV, 0},
    {"header", "yes|no|auto", AT(header), "csv: whether the first row holds column names", FLAGS_CSV, 0},
    {"delimiter", "C", AT(delimiter),
     "csv: separator of cells: , ; | tab blanks; auto (default): the first of them in the first row",
     FLAGS_CSV, 0},
    {"na", "TEXT,...", AT(missing_words), "csv: more texts that stand for a missing value, such as -,-999",
     FLAGS_CSV, 0},
    {"x", "NAME", AT(names.x), "name of the features in the file", FLAGS_NAMES, 0},
    {"y", "NAME", AT(names.y), "name of the labels in the file; predict: none = leave labels aside",
     FLAGS_NAMES, 0},
    {"weights", "NAME", AT(names.weights), "name of the weights in the file", FLAGS_NAMES, 0},
    {"samples", "KIND", AT(names.samples), "what a sample is, as in data.samples: axis, files, objects",
     FLAGS_NAMES, 0},
    {"index", "FILE.csv", AT(names.index), "labels of files or objects, as in data.index", FLAGS_NAMES, 0},
    {"labels-xml", "FILE", AT(labels_xml), "arff: Mulan's XML file that lists the labels", FLAGS_ARFF, 0},
    {"label-count", "N", AT(label_count),
     "arff: the last N attributes are labels; the first -N if N is negative", FLAGS_ARFF, 0},
    {"out", "FILE", AT(out), "output file: predictions (.h5), page (.html)", FLAGS_OUT, 0},
    {"format", "NAME", AT(format), "format of the file (default: by its ending)", FLAGS_EXPORT, 0},
    {"probabilities", NULL, AT(probabilities), "onnx: probabilities as an output more, as predict has them",
     FLAGS_EXPORT, 0},
    {"external-data", NULL, AT(external_data),
     "onnx: large tensors in OUT.data, also where one file can hold all (2 GB)", FLAGS_EXPORT, 0},
    {"digits", "N", AT(digits),
     "decimals of the classification report (default: 2); significant digits of a table of targets (6)",
     FLAGS_EVAL, 0},
    {"confusion", "FILE.csv", AT(confusion), "also write the confusion matrix", FLAGS_EVAL, 0},
    {"force", NULL, AT(force), "replace the output file if it exists", FLAGS_FORCE, 0},
    {"params", "N", AT(params), "sync: number of parameters (default: 1e6, then 16e6)", FLAGS_BENCH, 0},
    {"repeats", "N", AT(repeats), "sync: number of timed repeats (default: 20)", FLAGS_BENCH, 0},
    {"ranks-per-node", "N", AT(ranks_per_node), "sync: treat every N ranks as one node", FLAGS_BENCH, 0},
    {"batch", "N", AT(batch), "loader: samples per rank and batch (default: 64)", FLAGS_BENCH, 0},
    {"sort", "KEY", AT(sort), "best first by a metric, such as val.accuracy; or name (default), time, rate, epochs",
     FLAGS_SORT, 0},
    {"csv", "FILE", AT(csv), "also write everything to FILE as CSV; - = to standard output instead", FLAGS_RUNS, 0},
    {"json", "FILE", AT(json), "also write the results to FILE as one line of JSON",
     FLAGS_BENCH | FLAGS_EVAL | FLAGS_RUNS | FLAGS_JSON, 0},
    {"help", NULL, AT(help), "explain the command", 0, 'h'},
    {"version", NULL, AT(version), "print version and libraries", 0, 0},
    {.name = NULL},
};
_Static_assert(sizeof flags / sizeof *flags <= 64, "arguments.given has a bit for each");

const struct flag *arguments_flags(void)
{
    return flags;
}

void arguments_print_flags(unsigned sets)
{
    for (const struct flag *f = flags; f->name; f++) {
        if (!flag_is_in(f, sets)) continue;
        char text[64];
        snprintf(text, sizeof text, "--%s%s%s", f->name, f->value ? " " : "", f->value ? f->value : "");
        if (f->letter)
            printf("  -%c, %-28s %s\n", f->letter, text, f->help);
        else
            printf("      %-28s %s\n", text, f->help);
    }
}

static const struct flag *arguments_find_flag(const char *name, size_t length, bool is_long)
{
    for (const struct flag *f = flags; f->name; f++) {
        if (is_long && strlen(f->name) == length && strncmp(f->name, name, length) == 0) return f;
        if (!is_long && f->letter == *name) return f;
    }
    return NULL;
}

static enum status arguments_fail_unknown(const char *argument)
{
    struct suggest s;
    char word[KEY_SIZE], name[KEY_SIZE];
    snprintf(word, sizeof word, "%.*s", (int)strcspn(argument, "="), argument);
    for (const char *const *section = option_sections(); *section; section++)
        if (strncmp(word, "--", 2) == 0 && strcmp(word + 2, *section) == 0)
            return status_fail(STATUS_CONFIG,
                               "'%s': %s is a section; set a key of it, --%s.KEY=VALUE (see 'ddp_train help "
                               "keys')",
                               argument, *section, *section);
    suggest_start(&s, word);
    for (const struct flag *f = flags; f->name; f++) {
        snprintf(name, sizeof name, "--%s", f->name);
        suggest_offer(&s, name);
    }
    options_offer(&s, "--");
    return status_fail(STATUS_CONFIG, "unknown flag '%s'%s (see --help)", argument, suggest_hint(&s));
}

/* Adds "KEY=VALUE" of --set or --; `value` is that of --KEY VALUE. */
static enum status arguments_add_assignment(struct arguments *a, const char *text, const char *value)
{
    char key[KEY_SIZE];
    const char *equals = strchr(text, '=');
    if (equals) value = equals + 1;
    if (!value) return status_fail(STATUS_CONFIG, "'%s': expected KEY=VALUE, such as optim.lr=0.1", text);
    int length = equals ? (int)(equals - text) : (int)strlen(text);
    if (snprintf(key, sizeof key, "%.*s", length, text) >= KEY_SIZE)
        return status_fail(STATUS_CONFIG, "'%.40s...': the key is longer than any key there is", text);
    return settings_add_flag(&a->settings, key, value);
}

/* Reads the flag at argv[*i], and moves *i to the value if that is the next argument. */
static enum status arguments_read_flag(struct arguments *a, int *i)
{
    const char *argument = a->argv[*i];
    bool is_long = argument[1] == '-';
    const char *name = argument + (is_long ? 2 : 1);
    size_t length = is_long ? strcspn(name, "=") : 1; /* -oDIR and -o=DIR are -o DIR */
    const char *value = name + length;
    if (*value == '=')
        value++;
    else if (!*value)
        value = NULL;
    bool is_key = is_long && memchr(name, '.', length);
    const struct flag *f =
        is_key ? arguments_find_flag("set", 3, true) : arguments_find_flag(name, length, is_long);
    if (!f) return arguments_fail_unknown(argument);

    bool takes_value = f->value != NULL;
    if (!takes_value && value) return status_fail(STATUS_CONFIG, "--%s takes no value", f->name);
    if (takes_value && !value) {
        if (*i + 1 == a->argc) return status_fail(STATUS_CONFIG, "%s needs a value (see --help)", argument);
        value = a->argv[++*i];
    }
    a->given |= (uint64_t)1 << (f - flags);
    char *field = (char *)a + f->offset;
    if (!value) {
        bool on = true;
        memcpy(field, &on, sizeof on);
        return STATUS_OK;
    }
    if (is_key) return arguments_add_assignment(a, name, value);
    if (strcmp(f->name, "set") == 0) return arguments_add_assignment(a, value, NULL);
    memcpy(field, &value, sizeof value);
    return STATUS_OK;
}

static bool arguments_is_config_file(const char *word)
{
    const char *suffix = strrchr(word, '.');
    return suffix && (strcmp(suffix, ".yaml") == 0 || strcmp(suffix, ".yml") == 0);
}

static enum status arguments_read_word(struct arguments *a, const char *word)
{
    if (!a->command) {
        a->command = command_find(a->commands, word);
        if (a->command) return STATUS_OK;
        a->command = command_find(a->commands, "train"); /* ddp_train FILE.yaml */
        if (!arguments_is_config_file(word)) {
            struct suggest s;
            suggest_start(&s, word);
            for (const struct command *c = a->commands; c->name; c++) suggest_offer(&s, c->name);
            return status_fail(STATUS_CONFIG, "unknown command '%s'%s (see 'ddp_train help')", word,
                               suggest_hint(&s));
        }
    }
    if (a->word_count == a->command->max_words)
        return status_fail(STATUS_CONFIG, "%s: unexpected argument '%s' (see 'ddp_train help %s')",
                           a->command->name, word, a->command->name);
    a->words[a->word_count++] = word;
    return STATUS_OK;
}

enum status arguments_check_flags(const struct arguments *a, const char *what, unsigned sets)
{
    for (const struct flag *f = flags; f->name; f++)
        if (a->given >> (f - flags) & 1 && !flag_is_in(f, sets))
            return status_fail(STATUS_CONFIG, "'%s' does not take --%s%s (see 'ddp_train help %s')", what,
                               f->name, strcmp(f->name, "set") == 0 ? ", nor --KEY=VALUE" : "",
                               a->command->name);
    return STATUS_OK;
}

static enum status arguments_check(const struct arguments *a)
{
    TRY(arguments_check_flags(a, a->command->name, a->command->flags));
    if (a->expanded && !a->print_config) return status_fail(STATUS_CONFIG, "--expanded needs --print-config");
    if (a->word_count < a->command->min_words)
        return status_fail(STATUS_CONFIG, "usage: ddp_train %s %s", a->command->name, a->command->synopsis);
    if (strcmp(a->command->synopsis, "[FILE.yaml]") == 0) {
        if (a->word_count && !arguments_is_config_file(a->words[0]))
            return status_fail(STATUS_CONFIG,
                               "'%s' is not a configuration file; its name must end in .yaml or .yml",
                               a->words[0]);
        if (a->word_count && a->config)
            return status_fail(STATUS_CONFIG,
                               "two configuration files are given, '%s' and '%s'; leave one of them out",
                               a->words[0], a->config);
    }
    return STATUS_OK;
}

enum status arguments_parse(struct arguments *a, const struct command *commands, int argc, char **argv)
{
    *a = (struct arguments){.argc = argc, .argv = argv, .commands = commands};
    for (int i = 1; i < argc; i++)
        TRY(argv[i][0] == '-' && argv[i][1] ? arguments_read_flag(a, &i) : arguments_read_word(a, argv[i]));
    if (!a->command && !a->help) a->command = command_find(commands, a->version ? "version" : "train");
    if (a->help || a->version) return STATUS_OK;
    return arguments_check(a);
}

struct setup_source arguments_source(const struct arguments *a)
{
    return (struct setup_source){.file = a->word_count ? a->words[0] : a->config,
                                 .flags = &a->settings,
                                 .allow_external = a->allow_external,
                                 .quiet = a->print_config};
}

void arguments_free(struct arguments *a)
{
    settings_free(&a->settings);
}
