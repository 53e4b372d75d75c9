/* arg.h - typed, documented arguments of layers, losses, optimizers and schedules.
 *
 * A registry entry points at a constant table of struct arg that ends with a NULL name. Configuration keys,
 * their checks, defaults and help all come from this table. Values are kept as doubles (integers up to 2^53
 * are exact) in an array of slots. An argument has one slot, so the array is parallel to the table, unless its
 * value may differ from axis to axis: then it has SHAPE_AXES slots for the depth, height and width of
 * math/shape.h, or twice as many if each axis has a value before and one after. Slots of axes that the
 * argument does not have hold its minimum. A table with lists needs struct arg_values. Local functions. */
#ifndef CORE_ARG_H
#define CORE_ARG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

#define ARG_MAX      32 /* slots of a table */
#define ARG_AXES     3  /* SHAPE_AXES */
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
    double default_value; /* or ARG_REQUIRED; of a list 0 (empty) or ARG_REQUIRED, unless it is `single` */
    double min, max;      /* inclusive, for a list for each element; not used for ARG_BOOL and ARG_CHOICE */
    const char *help;
    const char *const *choices; /* ARG_CHOICE: ended by NULL */
    const char *alias;          /* a second name that is accepted, or NULL */
    int axes;                   /* values for that many last axes; 0 = a single value */
    bool last_axes;             /* a list may be shorter: it is of the last axes, others keep their default */
    bool sides;                 /* every axis has a value before and one after */
    const char *const *words;   /* accepted in place of a number: word i is -1 - i; ended by NULL, or NULL */
    bool single;    /* a list may be one number, which stands for all; empty = default_value for all */
    bool attribute; /* a list may be "@NAME": the numbers of an attribute of the data */
    bool later;     /* added to its table after files of version 3 were written (model_hash.c) */
};
/* clang-format off */
#define ARG_END {.name = NULL}
/* clang-format on */

/* The values of a table that may have lists. All zero is a valid start. */
struct arg_values {
    double of[ARG_MAX];    /* for a list: the number of elements */
    double *list[ARG_MAX]; /* the elements, owned; NULL where there are none */
    char *name[ARG_MAX];   /* in their place the name of an attribute, owned; NULL elsewhere */
};

/* Returns the position of `name` or alias in the table, or -1. `table` may be NULL (no arguments). */
int arg_find(const struct arg *table, const char *name);

/* Returns the first slot of entry `index`, and the number of slots of an entry. */
int arg_slot(const struct arg *table, int index);
int arg_slots(const struct arg *arg);

/* The slots of an entry that are in use, of its first: those of its axes. */
int arg_first_used(const struct arg *arg);

/* Sets all slots in use of entry `index` to `value`. */
void arg_set(const struct arg *table, int index, double value, double values[ARG_MAX]);

/* Whether all slots in use, of the slots of `arg`, hold `value`. */
bool arg_equals(const struct arg *arg, const double *slots, double value);

/* Reads `text` as a value of `arg`, or as one element if that is a list or has axes. Errors: STATUS_CONFIG, saying what
 * is expected; the caller adds the name of the argument. */
enum status arg_parse(const struct arg *arg, const char *text, double *value);

/* Finds the position of `text` in a list of choices. Errors: STATUS_CONFIG, naming them. */
enum status arg_parse_choice(const char *const *choices, const char *text, int *index);

/* Writes a value of `arg` as configuration text; one element if that is a list. */
#define ARG_TEXT_SIZE 32
void arg_format(const struct arg *arg, double value, char text[ARG_TEXT_SIZE]);

/* Writes all slots of `arg` as configuration text: "3", "same", "[3, 5]" or "[[1, 2], [0, 0]]". */
#define ARG_SLOTS_TEXT_SIZE 224
void arg_format_slots(const struct arg *arg, const double *slots, char text[ARG_SLOTS_TEXT_SIZE]);

/* Fills `values` with the defaults of a table without lists; required arguments become NaN. */
void arg_defaults(const struct arg *table, double values[ARG_MAX]);

/* Does the same for any table; frees the lists that `values` holds. */
void arg_values_defaults(const struct arg *table, struct arg_values *values);
void arg_values_free(struct arg_values *values);

/* Replaces the list of argument `index`, values->list[index], by `count` zeros; or by the name of an attribute. Errors:
 * STATUS_OTHER, memory. */
enum status arg_values_resize(struct arg_values *values, int index, int64_t count);
enum status arg_values_set_name(struct arg_values *values, int index, const char *name);

/* Returns element i of a list that is `single`. */
double arg_values_get(const struct arg *table, const struct arg_values *values, int index, int64_t i);

/* Fails with STATUS_CONFIG if a required value is missing; `owner` is its name in the message, such as
 * "conv2d". */
enum status arg_complete(const struct arg *table, const double values[ARG_MAX], const char *owner);

#endif
