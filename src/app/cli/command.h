/* command.h - the commands of the program and what was said on its command line. Private to the app layer.
 *
 * A command is one line in the table of command.c and one function. Where `everyone` is false only rank 0
 * runs it and the others wait; otherwise it is collective and every rank must leave it with the same status.
 */
#ifndef APP_CLI_COMMAND_H
#define APP_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "comm/comm.h"
#include "app/config/settings.h"

#define ARGUMENT_WORDS 4

struct arguments {
    int argc;
    char **argv;
    const struct command *command;
    const char *words[ARGUMENT_WORDS]; /* behind the command */
    int word_count;
    const char *config, *output, *data, *class_names, *params, *repeats, *ranks_per_node, *json, *timeline,
        *timeline_steps, *batch, *digits, *confusion, *out, *resume, *init_from; /* NULL if not given */
    const char *target, *categorical, *drop, *missing, *labels, *split, *seed, *split_at, *test_every,
        *test_file, *header, *delimiter, *labels_xml, *label_count; /* of convert */
    bool overwrite, resume_override, print_config, force, allow_external, help, version;
    uint64_t given;           /* one bit per flag of the table in arguments.c */
    struct settings settings; /* keys given as flags */
};

enum flag_set {
    FLAGS_CONFIG = 1, /* --config, --set, --SECTION.KEY, --print-config */
    FLAGS_RUN = 2,    /* --output, --overwrite, --resume */
    FLAGS_DATA = 4,
    FLAGS_IDX = 8,
    FLAGS_BENCH = 16,
    FLAGS_FORCE = 32,
    FLAGS_TABLE = 64, /* of convert csv and convert arff */
    FLAGS_CSV = 128,
    FLAGS_ARFF = 256,
    FLAGS_EVAL = 512,
    FLAGS_PREDICT = 1024,
    FLAGS_EXTERNAL = 2048,
    FLAGS_CONVERT = FLAGS_IDX | FLAGS_TABLE | FLAGS_CSV | FLAGS_ARFF | FLAGS_FORCE,
};

struct command {
    const char *name;
    const char *synopsis; /* what stands behind the name */
    const char *help;     /* one line */
    const char *details;  /* more lines, or "" */
    unsigned flags;       /* enum flag_set */
    int min_words, max_words;
    bool everyone;
    enum status (*run)(struct comm *comm, struct arguments *a);
};

/* The table, ended by a NULL name; and a command by name, or NULL. */
const struct command *command_table(void);
const struct command *command_find(const char *name);

/* Runs what the command line says. Collective; all ranks return the same status. */
enum status command_run(struct comm *comm, int argc, char **argv);

/* What a command prints is its result: STATUS_OTHER if standard output cannot take it. Local. */
enum status command_flush(void);

enum status arguments_parse(struct arguments *a, int argc, char **argv);
void arguments_free(struct arguments *a);

/* STATUS_CONFIG if a flag was given that belongs to none of these sets; `what` is "convert csv". */
enum status arguments_check_flags(const struct arguments *a, const char *what, unsigned sets);
void arguments_help(unsigned flags); /* the flags of these sets, to stdout */

/* One function per command, in cmd_<name>.c. */
enum status cmd_bench(struct comm *comm, struct arguments *a);
enum status cmd_check(struct comm *comm, struct arguments *a);
enum status cmd_convert(struct comm *comm, struct arguments *a);
enum status cmd_demo_data(struct comm *comm, struct arguments *a);
enum status cmd_eval(struct comm *comm, struct arguments *a);
enum status cmd_help(struct comm *comm, struct arguments *a);
enum status cmd_init(struct comm *comm, struct arguments *a);
enum status cmd_inspect(struct comm *comm, struct arguments *a);
enum status cmd_predict(struct comm *comm, struct arguments *a);
enum status cmd_train(struct comm *comm, struct arguments *a);
enum status cmd_version(struct comm *comm, struct arguments *a);

/* cmd_convert_table.c: csv and arff, the words behind them in place. */
enum status convert_table(struct arguments *a);

/* cmd_help.c: help on one command, or on all if NULL. */
void help_print(const struct command *command);

#endif
