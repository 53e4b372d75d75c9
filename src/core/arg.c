#include "ddp/arg.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ddp/number.h"

int arg_find(const struct arg *table, const char *name)
{
    for (int i = 0; table && table[i].name; i++)
        if (strcmp(table[i].name, name) == 0) return i;
    return -1;
}

static enum status parse_unbounded(const struct arg *arg, const char *text, double *value)
{
    int64_t integer;
    bool truth;
    switch (arg->kind) {
    case ARG_INT:
        TRY(number_parse_int(text, &integer));
        *value = (double)integer;
        return STATUS_OK;
    case ARG_BOOL:
        TRY(number_parse_bool(text, &truth));
        *value = truth;
        return STATUS_OK;
    case ARG_REAL:
        break;
    }
    return number_parse_real(text, value);
}

enum status arg_parse(const struct arg *arg, const char *text, double *value)
{
    double parsed;
    TRY(parse_unbounded(arg, text, &parsed));
    if (arg->kind != ARG_BOOL && (parsed < arg->min || parsed > arg->max))
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
    else
        number_format(value, text);
}

void arg_defaults(const struct arg *table, double values[ARG_MAX])
{
    for (int i = 0; i < ARG_MAX; i++) values[i] = 0;
    for (int i = 0; table && table[i].name; i++) values[i] = table[i].standard;
}

enum status arg_complete(const struct arg *table, const double values[ARG_MAX], const char *owner)
{
    for (int i = 0; table && table[i].name; i++)
        if (isnan(values[i]))
            return status_fail(STATUS_CONFIG, "%s needs '%s' (%s)", owner, table[i].name, table[i].help);
    return STATUS_OK;
}
