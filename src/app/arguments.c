/* The command line: a command, its words, and flags. */
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "ddp/suggest.h"

#define KEY_SIZE 128

struct flag {
    const char *name;
    char letter;       /* or 0 */
    const char *value; /* what its value is called, NULL for a switch */
    size_t offset;     /* in struct arguments */
    unsigned sets;     /* enum flag_set; 0 = every command */
    const char *help;
};

#define AT(field) offsetof(struct arguments, field)

static const struct flag flags[] = {
    {"config", 'c', "FILE", AT(config), FLAGS_CONFIG,
     "configuration file (default: ddp_train.yaml in this folder)"},
    {"set", 0, "KEY=VALUE", 0, FLAGS_CONFIG, "set any key; --KEY=VALUE and --KEY VALUE do the same"},
    {"print-config", 0, NULL, AT(print_config), FLAGS_CONFIG, "print the resolved configuration and stop"},
    {"output", 'o', "DIR", AT(output), FLAGS_RUN, "run directory (default: runs/NAME-TIME)"},
    {"overwrite", 0, NULL, AT(overwrite), FLAGS_RUN, "replace the run that is in the run directory"},
    {"data", 0, "LOCATOR", AT(data), FLAGS_DATA, "data set: FILE.h5, FILE.h5:GROUP, demo:test"},
    {"class-names", 0, "A,B,...", AT(class_names), FLAGS_CONVERT, "names of the classes, in label order"},
    {"force", 0, NULL, AT(force), FLAGS_CONVERT, "replace an existing output file"},
    {"params", 0, "N", AT(params), FLAGS_BENCH, "length of the parameter vector (default: 1e6, then 16e6)"},
    {"repeats", 0, "N", AT(repeats), FLAGS_BENCH, "timed repeats (default 20)"},
    {"ranks-per-node", 0, "N", AT(ranks_per_node), FLAGS_BENCH, "treat every N ranks as one node"},
    {"help", 'h', NULL, AT(help), 0, "explain the command"},
    {"version", 0, NULL, AT(version), 0, "print version and libraries"},
    {NULL},
};

void arguments_help(unsigned sets)
{
    for (const struct flag *f = flags; f->name; f++) {
        if (f->sets && !(f->sets & sets)) continue;
        char text[64];
        snprintf(text, sizeof text, "--%s%s%s", f->name, f->value ? " " : "", f->value ? f->value : "");
        if (f->letter)
            printf("  -%c, %-24s %s\n", f->letter, text, f->help);
        else
            printf("      %-24s %s\n", text, f->help);
    }
}

static const struct flag *flag_find(const char *name, size_t length)
{
    for (const struct flag *f = flags; f->name; f++) {
        if (strlen(f->name) == length && strncmp(f->name, name, length) == 0) return f;
        if (length == 1 && f->letter == *name) return f;
    }
    return NULL;
}

static enum status fail_unknown(const char *argument)
{
    struct suggest s;
    suggest_start(&s, argument);
    char name[KEY_SIZE];
    for (const struct flag *f = flags; f->name; f++) {
        snprintf(name, sizeof name, "--%s", f->name);
        suggest_offer(&s, name);
    }
    return status_fail(STATUS_CONFIG, "unknown flag '%s'%s (see --help)", argument, suggest_hint(&s));
}

/* "KEY=VALUE" as it stands behind --set or --. */
static enum status add_assignment(struct arguments *a, const char *text, const char *value)
{
    char key[KEY_SIZE];
    const char *equals = strchr(text, '=');
    if (equals) value = equals + 1;
    if (!value) return status_fail(STATUS_CONFIG, "'%s': expected KEY=VALUE, such as optim.lr=0.1", text);
    int length = equals ? (int)(equals - text) : (int)strlen(text);
    if (snprintf(key, sizeof key, "%.*s", length, text) >= KEY_SIZE)
        return status_fail(STATUS_CONFIG, "'%.40s...': the key is too long", text);
    return settings_add_flag(&a->settings, key, value);
}

/* Reads the flag at argv[*i] and moves *i to its last argument. */
static enum status read_flag(struct arguments *a, int *i, unsigned *used_sets)
{
    const char *argument = a->argv[*i];
    const char *name = argument + (argument[1] == '-' ? 2 : 1);
    const char *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    const char *value = equals ? equals + 1 : NULL;
    bool is_key = argument[1] == '-' && memchr(name, '.', length);
    const struct flag *f = is_key ? NULL : flag_find(name, length);
    if (!f && !is_key) return fail_unknown(argument);
    if (f && (argument[1] == '-') != (length > 1)) return fail_unknown(argument);

    bool takes_value = is_key || f->value;
    if (f && value && !takes_value) return status_fail(STATUS_CONFIG, "--%s takes no value", f->name);
    if (takes_value && !value) {
        if (*i + 1 == a->argc) return status_fail(STATUS_CONFIG, "%s needs a value (see --help)", argument);
        value = a->argv[++*i];
    }
    *used_sets |= is_key ? FLAGS_CONFIG : f->sets;
    if (is_key) return add_assignment(a, name, value);
    if (strcmp(f->name, "set") == 0) return add_assignment(a, value, NULL);
    char *field = (char *)a + f->offset;
    bool on = true;
    if (takes_value)
        memcpy(field, &value, sizeof value);
    else
        memcpy(field, &on, sizeof on);
    return STATUS_OK;
}

static bool is_config_file(const char *word)
{
    const char *suffix = strrchr(word, '.');
    return suffix && (strcmp(suffix, ".yaml") == 0 || strcmp(suffix, ".yml") == 0);
}

static enum status read_word(struct arguments *a, const char *word)
{
    if (!a->command) {
        a->command = command_find(word);
        if (a->command) return STATUS_OK;
        a->command = command_find("train"); /* ddp_train FILE.yaml */
        if (!is_config_file(word)) {
            struct suggest s;
            suggest_start(&s, word);
            for (const struct command *c = command_table(); c->name; c++) suggest_offer(&s, c->name);
            return status_fail(STATUS_CONFIG, "unknown command '%s'%s (see 'ddp_train help')", word,
                               suggest_hint(&s));
        }
    }
    if (a->word_count == a->command->max_words)
        return status_fail(STATUS_CONFIG, "%s: '%s' is one too many (see 'ddp_train help %s')",
                           a->command->name, word, a->command->name);
    a->words[a->word_count++] = word;
    return STATUS_OK;
}

static enum status check_flags(const struct arguments *a, unsigned used_sets)
{
    unsigned wrong = used_sets & ~a->command->flags;
    for (const struct flag *f = flags; wrong && f->name; f++)
        if (f->sets & wrong)
            return status_fail(STATUS_CONFIG, "'%s' does not take flags like --%s (see 'ddp_train help %s')",
                               a->command->name, f->name, a->command->name);
    if (a->word_count < a->command->min_words)
        return status_fail(STATUS_CONFIG, "usage: ddp_train %s %s", a->command->name, a->command->synopsis);
    if (strcmp(a->command->name, "train") == 0 || strcmp(a->command->name, "check") == 0) {
        if (a->word_count && !is_config_file(a->words[0]))
            return status_fail(STATUS_CONFIG, "'%s' is no configuration file (.yaml or .yml)", a->words[0]);
        if (a->word_count && a->config)
            return status_fail(STATUS_CONFIG, "two configuration files: '%s' and '%s'", a->words[0],
                               a->config);
    }
    return STATUS_OK;
}

enum status arguments_parse(struct arguments *a, int argc, char **argv)
{
    *a = (struct arguments){.argc = argc, .argv = argv};
    unsigned used_sets = 0;
    for (int i = 1; i < argc; i++)
        TRY(argv[i][0] == '-' && argv[i][1] ? read_flag(a, &i, &used_sets) : read_word(a, argv[i]));
    if (!a->command && !a->help) a->command = command_find(a->version ? "version" : "train");
    if (a->help || a->version) return STATUS_OK;
    return check_flags(a, used_sets);
}

void arguments_free(struct arguments *a)
{
    settings_free(&a->settings);
}
