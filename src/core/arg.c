/* arg.c - typed arguments: parsing, defaults, text. */
#include "core/arg.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "core/number.h"

#define CHOICES_SIZE 256 /* of the list in a message */

int arg_find(const struct arg *table, const char *name)
{
    for (int i = 0; table && table[i].name; i++)
        if (strcmp(table[i].name, name) == 0) return i;
    return -1;
}

enum status arg_parse_choice(const char *const *choices, const char *text, int *index)
{
    char list[CHOICES_SIZE] = "";
    for (*index = 0; choices[*index]; ++*index) {
        const char *choice = choices[*index];
        if (strcmp(choice, text) == 0) return STATUS_OK;
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", *choice ? choice : "''");
    }
    return status_fail(STATUS_CONFIG, "'%s' is not one of %s", text, list);
}

static bool arg_has_bounds(const struct arg *arg)
{
    return arg->kind != ARG_BOOL && arg->kind != ARG_CHOICE;
}

static enum status arg_parse_unbounded(const struct arg *arg, const char *text, double *value)
{
    int64_t integer;
    bool truth;
    int choice;
    switch (arg->kind) {
    case ARG_INT:
        TRY(number_parse_int(text, &integer));
        *value = (double)integer;
        return STATUS_OK;
    case ARG_BOOL:
        TRY(number_parse_bool(text, &truth));
        *value = truth;
        return STATUS_OK;
    case ARG_CHOICE:
        TRY(arg_parse_choice(arg->choices, text, &choice));
        *value = choice;
        return STATUS_OK;
    case ARG_REAL:
    case ARG_LIST:
        break;
    }
    return number_parse_real(text, value);
}

enum status arg_parse(const struct arg *arg, const char *text, double *value)
{
    double parsed;
    TRY(arg_parse_unbounded(arg, text, &parsed));
    if (arg_has_bounds(arg) && (parsed < arg->min || parsed > arg->max))
        return status_fail(STATUS_CONFIG, "%s is outside %g..%g", text, arg->min, arg->max);
    *value = parsed;
    return STATUS_OK;
}

void arg_format(const struct arg *arg, double value, char text[ARG_TEXT_SIZE])
{
    if (arg->kind == ARG_BOOL)
        snprintf(text, ARG_TEXT_SIZE, "%s", value != 0 ? "true" : "false");
    else if (arg->kind == ARG_INT)
        snprintf(text, ARG_TEXT_SIZE, "%.0f", value);
    else if (arg->kind == ARG_CHOICE)
        snprintf(text, ARG_TEXT_SIZE, "%s", arg->choices[(int)value]);
    else
        number_format(value, text);
}

void arg_defaults(const struct arg *table, double values[ARG_MAX])
{
    for (int i = 0; i < ARG_MAX; i++) values[i] = 0;
    for (int i = 0; table && table[i].name; i++) {
        assert(i < ARG_MAX && table[i].kind != ARG_LIST);
        values[i] = table[i].default_value;
    }
}

void arg_values_defaults(const struct arg *table, struct arg_values *values)
{
    arg_values_free(values);
    for (int i = 0; table && table[i].name; i++) {
        assert(i < ARG_MAX);
        values->of[i] = table[i].default_value;
    }
}

void arg_values_free(struct arg_values *values)
{
    for (int i = 0; i < ARG_MAX; i++) mem_free(&values->list[i]);
    *values = (struct arg_values){0};
}

enum status arg_values_resize(struct arg_values *values, int index, int64_t count)
{
    mem_free(&values->list[index]);
    values->of[index] = 0;
    TRY(mem_alloc(&values->list[index], (size_t)count, sizeof *values->list[index],
                  "list in the configuration"));
    values->of[index] = (double)count;
    return STATUS_OK;
}

enum status arg_complete(const struct arg *table, const double values[ARG_MAX], const char *owner)
{
    for (int i = 0; table && table[i].name; i++)
        if (isnan(values[i]))
            return status_fail(STATUS_CONFIG, "%s needs '%s' (%s)", owner, table[i].name, table[i].help);
    return STATUS_OK;
}
