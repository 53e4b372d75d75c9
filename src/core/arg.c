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
        if (strcmp(table[i].name, name) == 0 || (table[i].alias && strcmp(table[i].alias, name) == 0))
            return i;
    return -1;
}

int arg_slots(const struct arg *arg)
{
    return arg->axes == 0 ? 1 : arg->sides ? 2 * ARG_AXES : ARG_AXES;
}

int arg_slot(const struct arg *table, int index)
{
    int slot = 0;
    for (int i = 0; i < index; i++) slot += arg_slots(&table[i]);
    return slot;
}

int arg_first_used(const struct arg *arg)
{
    return arg->axes == 0 ? 0 : (ARG_AXES - arg->axes) * (arg->sides ? 2 : 1);
}

void arg_set(const struct arg *table, int index, double value, double values[ARG_MAX])
{
    const struct arg *arg = &table[index];
    double *slots = values + arg_slot(table, index);
    for (int i = arg_first_used(arg); i < arg_slots(arg); i++) slots[i] = value;
}

bool arg_equals(const struct arg *arg, const double *slots, double value)
{
    for (int i = arg_first_used(arg); i < arg_slots(arg); i++)
        if (slots[i] != value) return false;
    return true;
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
    for (int i = 0; arg->words && arg->words[i]; i++)
        if (strcmp(arg->words[i], text) == 0) {
            *value = -1 - i;
            return STATUS_OK;
        }
    TRY(arg_parse_unbounded(arg, text, &parsed));
    if (arg_has_bounds(arg) && (parsed < arg->min || parsed > arg->max))
        return status_fail(STATUS_CONFIG, "%s is outside %g..%g", text, arg->min, arg->max);
    *value = parsed;
    return STATUS_OK;
}

static int arg_count_words(const struct arg *arg)
{
    int count = 0;
    while (arg->words[count]) count++;
    return count;
}

void arg_format(const struct arg *arg, double value, char text[ARG_TEXT_SIZE])
{
    if (arg->words && value < 0 && value >= -arg_count_words(arg))
        snprintf(text, ARG_TEXT_SIZE, "%s", arg->words[(int)(-1 - value)]);
    else if (arg->kind == ARG_BOOL)
        snprintf(text, ARG_TEXT_SIZE, "%s", value != 0 ? "true" : "false");
    else if (arg->kind == ARG_INT)
        snprintf(text, ARG_TEXT_SIZE, "%.0f", value);
    else if (arg->kind == ARG_CHOICE)
        snprintf(text, ARG_TEXT_SIZE, "%s", arg->choices[(int)value]);
    else
        number_format(value, text);
}

/* Appends an element, or "[before, after]" where they differ; returns how many slots that were. */
static int arg_append_axis(const struct arg *arg, const double *slots, char *text)
{
    char first[ARG_TEXT_SIZE], second[ARG_TEXT_SIZE];
    size_t used = strlen(text), room = ARG_SLOTS_TEXT_SIZE - used;
    arg_format(arg, slots[0], first);
    if (!arg->sides || slots[0] == slots[1]) {
        snprintf(text + used, room, "%s", first);
        return arg->sides ? 2 : 1;
    }
    arg_format(arg, slots[1], second);
    snprintf(text + used, room, "[%s, %s]", first, second);
    return 2;
}

void arg_format_slots(const struct arg *arg, const double *slots, char text[ARG_SLOTS_TEXT_SIZE])
{
    int first = arg_first_used(arg), end = arg_slots(arg);
    bool list = !arg_equals(arg, slots, slots[first]);
    snprintf(text, ARG_SLOTS_TEXT_SIZE, "%s", list ? "[" : "");
    for (int i = first; i < end;) {
        if (i > first) strcat(text, ", ");
        i += arg_append_axis(arg, slots + i, text);
        if (!list) return;
    }
    strcat(text, "]");
}

void arg_defaults(const struct arg *table, double values[ARG_MAX])
{
    int slot = 0;
    for (int i = 0; i < ARG_MAX; i++) values[i] = 0;
    for (int i = 0; table && table[i].name; i++) {
        int slots = arg_slots(&table[i]);
        assert(slot + slots <= ARG_MAX && table[i].kind != ARG_LIST);
        for (int k = 0; k < slots; k++) values[slot + k] = table[i].min;
        arg_set(table, i, table[i].default_value, values);
        slot += slots;
    }
}

void arg_values_defaults(const struct arg *table, struct arg_values *values)
{
    arg_values_free(values);
    for (int i = 0; table && table[i].name; i++) {
        assert(arg_slot(table, i) + arg_slots(&table[i]) <= ARG_MAX);
        arg_set(table, i, table[i].single ? 0 : table[i].default_value, values->of);
    }
}

void arg_values_free(struct arg_values *values)
{
    for (int i = 0; i < ARG_MAX; i++) mem_free(&values->list[i]);
    for (int i = 0; i < ARG_MAX; i++) mem_free(&values->name[i]);
    *values = (struct arg_values){0};
}

enum status arg_values_resize(struct arg_values *values, int index, int64_t count)
{
    mem_free(&values->list[index]);
    mem_free(&values->name[index]);
    values->of[index] = 0;
    TRY(mem_alloc(&values->list[index], (size_t)count, sizeof *values->list[index],
                  "list in the configuration"));
    values->of[index] = (double)count;
    return STATUS_OK;
}

enum status arg_values_set_name(struct arg_values *values, int index, const char *name)
{
    TRY(arg_values_resize(values, index, 0));
    return mem_copy_text(&values->name[index], name);
}

double arg_values_get(const struct arg *table, const struct arg_values *values, int index, int64_t i)
{
    int slot = arg_slot(table, index);
    if (values->of[slot] == 0) return table[index].default_value;
    return values->list[slot][values->of[slot] == 1 ? 0 : i];
}

enum status arg_complete(const struct arg *table, const double values[ARG_MAX], const char *owner)
{
    for (int i = 0; table && table[i].name; i++)
        if (isnan(values[arg_slot(table, i) + arg_first_used(&table[i])]))
            return status_fail(STATUS_CONFIG, "%s needs '%s' (%s)", owner, table[i].name, table[i].help);
    return STATUS_OK;
}
