/* arguments.h - what was given on the command line: a command, its words, and flags. Private to the app
 * layer.
 *
 * Local functions; errors are STATUS_CONFIG. */
#ifndef APP_CLI_ARGUMENTS_H
#define APP_CLI_ARGUMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "app/cli/command.h"
#include "app/config/setup.h"
#include "app/rundir/start.h"

#define ARGUMENT_WORDS 4

struct arguments {
    int argc;
    char **argv;
    const struct command *commands; /* the table that `command` is from */
    const struct command *command;
    const char *words[ARGUMENT_WORDS]; /* after the command */
    int word_count;

    struct start_options start; /* of train */
    const char *config, *data, *class_names, *params, *repeats, *ranks_per_node, *json, *timeline,
        *timeline_steps, *graph, *batch, *digits, *confusion, *out, *format, *sort,
        *csv; /* NULL if not given */
    const char *target, *categorical, *drop, *missing, *labels, *split, *seed, *split_at, *test_every,
        *test_file, *header, *delimiter, *missing_words, *labels_xml, *label_count; /* of convert */
    const char *init_map;                                                           /* of train */
    struct setup_names names; /* of eval, predict and inspect; `on_error` not of inspect */
    bool print_config, expanded, force, allow_external, plain_weights, init_strict, probabilities,
        external_data, help, version;
    uint64_t given;           /* one bit per flag of the table in arguments.c */
    struct settings settings; /* keys given as flags */
};

struct flag {
    const char *name;
    const char *value; /* name of the value in the help; NULL for a switch */
    size_t offset;     /* in struct arguments */
    const char *help;
    unsigned sets; /* enum flag_set; 0 = every command */
    char letter;   /* or 0 */
};

/* Returns all flags, ended by a NULL name; and whether a command that has these sets takes one. */
const struct flag *arguments_flags(void);
static inline bool flag_is_in(const struct flag *f, unsigned sets)
{
    return !f->sets || (f->sets & sets);
}

/* Reads a command line; `commands` is the table of commands. Released with arguments_free, also after an
 * error. */
enum status arguments_parse(struct arguments *a, const struct command *commands, int argc, char **argv);
void arguments_free(struct arguments *a);

/* Where the configuration comes from: a word after the command, or --config; the flags. Valid as long as
 * `a` is. */
struct setup_source arguments_source(const struct arguments *a);

/* Fails if a flag was given that is in none of these sets (enum flag_set); `what` is "convert csv" and the
 * like. */
enum status arguments_check_flags(const struct arguments *a, const char *what, unsigned sets);

/* Prints the flags of these sets to standard output. */
void arguments_print_flags(unsigned sets);

#endif
