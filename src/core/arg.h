/* arg.h - the typed, documented arguments that a registered thing (layer, loss, optimizer, schedule) takes.
 *
 * A registry entry points at a constant table of struct arg that ends with a NULL name. From this one table
 * come the configuration keys, their check, their defaults and the help text. Values are kept as doubles
 * (integers up to 2^53 are exact) in an array that is parallel to the table; a table with lists needs
 * struct arg_values. Local functions. */
#ifndef CORE_ARG_H
#define CORE_ARG_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

#define ARG_MAX      8
#define ARG_REQUIRED __builtin_nan("")

enum arg_kind {
    ARG_INT,
    ARG_REAL,
    ARG_BOOL,
    ARG_CHOICE, /* position in `choices` */
    ARG_LIST,   /* real numbers */
};

struct arg {
    const char *name;
    enum arg_kind kind;
    double standard; /* the default, or ARG_REQUIRED; a list has 0, which is the empty one, or ARG_REQUIRED */
    double min, max; /* both inclusive, of a list for each element; not used for ARG_BOOL and ARG_CHOICE */
    const char *help;
    const char *const *choices; /* ARG_CHOICE: ended by NULL */
};
#define ARG_END                                                                                              \
    {                                                                                                        \
        NULL, ARG_INT, 0, 0, 0, NULL, NULL                                                                   \
    }

/* The values of a table that may have lists. All zero is a valid start. */
struct arg_values {
    double of[ARG_MAX];    /* of a list the number of its elements */
    double *list[ARG_MAX]; /* the elements, owned; NULL where there are none */
};

/* The position of `name` in the table, or -1. `table` may be NULL (no arguments). */
int arg_find(const struct arg *table, const char *name);

/* Reads `text` as a value of `arg`, as one element if that is a list. Errors: STATUS_CONFIG, saying what is
 * expected; the caller says of what. */
enum status arg_parse(const struct arg *arg, const char *text, double *value);

/* The position of `text` in a list of choices. Errors: STATUS_CONFIG, naming them. */
enum status arg_parse_choice(const char *const *choices, const char *text, int *index);

/* Writes a value of `arg`, one element if that is a list, as configuration text. */
#define ARG_TEXT_SIZE 32
void arg_format(const struct arg *arg, double value, char text[ARG_TEXT_SIZE]);

/* Fills `values` with the defaults of a table without lists; required ones become NaN. */
void arg_defaults(const struct arg *table, double values[ARG_MAX]);

/* The same for any table; lists that `values` holds are freed. */
void arg_values_defaults(const struct arg *table, struct arg_values *values);
void arg_values_free(struct arg_values *values);

/* Makes argument `index` a list of `count` zeros, in values->list[index], in place of the one it was. */
enum status arg_values_resize(struct arg_values *values, int index, int64_t count);

/* STATUS_CONFIG if a required value is still missing; `owner` names the thing, such as "conv2d". */
enum status arg_complete(const struct arg *table, const double values[ARG_MAX], const char *owner);

#endif
