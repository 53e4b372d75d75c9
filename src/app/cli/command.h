/* command.h - what describes a command of the program. Private to the app layer.
 *
 * A command is one line of the table in commands/table.c and one function in a file of its own. Nothing
 * else knows the table: it is passed to the functions that read a command line or print help. */
#ifndef APP_CLI_COMMAND_H
#define APP_CLI_COMMAND_H

#include <stdbool.h>

#include "comm/comm.h"

struct arguments;

/* Sets of flags; a command takes those of its sets, and the flags that belong to no set. */
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
    FLAGS_OUT = 1024,
    FLAGS_EXTERNAL = 2048,
    FLAGS_CHECK = 4096,
    FLAGS_WEIGHTS = 8192, /* --plain-weights */
    FLAGS_NAMES = 16384,  /* --x, --y, --weights, --samples, --index */
    FLAGS_EXPORT = 32768,
    FLAGS_RUNS = 65536, /* --csv */
    FLAGS_SORT = 131072,
    FLAGS_JSON = 262144, /* --json alone */
    FLAGS_CONVERT = FLAGS_IDX | FLAGS_TABLE | FLAGS_CSV | FLAGS_ARFF | FLAGS_FORCE,
};

struct command {
    const char *name;
    const char *synopsis; /* what follows the name */
    const char *help;     /* one line */
    const char *details;  /* more lines, or NULL */
    unsigned flags;       /* enum flag_set */
    int min_words, max_words;
    bool collective; /* runs on every rank, with the same status; otherwise on rank 0 while the others wait */
    enum status (*run)(struct comm *comm, struct arguments *a);
};

/* Returns the command of a table (ended by a NULL name) by name, or NULL. */
const struct command *command_find(const struct command *commands, const char *name);

#endif
