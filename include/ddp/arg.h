/* arg.h - the typed, documented arguments that a registered thing (layer, loss, optimizer, schedule) takes.
 *
 * A registry entry points at a constant table of struct arg that ends with a NULL name. From this one table
 * come the configuration keys, their check, their defaults and the help text. Values are kept as doubles
 * (integers up to 2^53 are exact) in an array that is parallel to the table. */
#ifndef DDP_ARG_H
#define DDP_ARG_H

#include <stddef.h>

#include "ddp/status.h"

#define ARG_MAX      8
#define ARG_REQUIRED __builtin_nan("")

enum arg_kind { ARG_INT, ARG_REAL, ARG_BOOL };

struct arg {
    const char *name;
    enum arg_kind kind;
    double standard; /* the default, or ARG_REQUIRED */
    double min, max; /* both inclusive; not used for ARG_BOOL */
    const char *help;
};
#define ARG_END                                                                                              \
    {                                                                                                        \
        NULL, ARG_INT, 0, 0, 0, NULL                                                                         \
    }

/* The position of `name` in the table, or -1. `table` may be NULL (no arguments). */
int arg_find(const struct arg *table, const char *name);

/* Reads `text` as a value of `arg`. Errors: STATUS_CONFIG, saying what is expected; the caller says of what. */
enum status arg_parse(const struct arg *arg, const char *text, double *value);

/* Writes a value of `arg` as configuration text. */
#define ARG_TEXT_SIZE 32
void arg_format(const struct arg *arg, double value, char text[ARG_TEXT_SIZE]);

/* Fills `values` with the table's defaults; required ones become NaN. */
void arg_defaults(const struct arg *table, double values[ARG_MAX]);

/* STATUS_CONFIG if a required value is still missing; `owner` names the thing, such as "conv2d". */
enum status arg_complete(const struct arg *table, const double values[ARG_MAX], const char *owner);

#endif
