/* option_args.c - reads the value of an argument of a layer, which may differ from axis to axis. */
#include "app/config/model/option_args.h"

#include "app/config/suggest.h"

static int option_args_length(const struct yaml_node *list)
{
    int count = 0;
    for (const struct yaml_node *n = list->child; n; n = n->next) count++;
    return count;
}

/* Reads one element. Words stand for the whole value, so they are not elements of a list; unless a list may be of the last
 * axes only, where the others keep their default, which may be a word. */
static enum status option_args_read_element(const struct arg *arg, const struct yaml_node *node,
                                            double *value)
{
    if (node->kind != YAML_SCALAR) return status_fail(STATUS_CONFIG, "expects single values in its list");
    struct arg plain = *arg;
    if (!arg->last_axes) plain.words = NULL;
    return arg_parse(&plain, node->text, value);
}

/* Reads [before, after]. */
static enum status option_args_read_sides(const struct arg *arg, const struct yaml_node *list, double *slots)
{
    if (option_args_length(list) != 2)
        return status_fail(STATUS_CONFIG, "expects [before, after] for an axis");
    TRY(option_args_read_element(arg, list->child, &slots[0]));
    return option_args_read_element(arg, list->child->next, &slots[1]);
}

/* Reads the value of one axis. */
static enum status option_args_read_axis(const struct arg *arg, const struct yaml_node *node, double *slots)
{
    if (arg->sides && node->kind == YAML_LIST) return option_args_read_sides(arg, node, slots);
    TRY(option_args_read_element(arg, node, &slots[0]));
    if (arg->sides) slots[1] = slots[0];
    return STATUS_OK;
}

static enum status option_args_read_list(const struct arg *arg, const struct yaml_node *node, double *slots)
{
    int length = option_args_length(node), width = arg->sides ? 2 : 1;
    slots += arg_first_used(arg);
    if (arg->sides && arg->axes == 1 && length == 2) return option_args_read_sides(arg, node, slots);
    if (arg->last_axes && length >= 1 && length < arg->axes)
        slots += (arg->axes - length) * width;
    else if (length != arg->axes)
        return status_fail(STATUS_CONFIG, "expects one value, or a list of %d: one for each axis", arg->axes);
    for (const struct yaml_node *n = node->child; n; n = n->next, slots += width)
        TRY(option_args_read_axis(arg, n, slots));
    return STATUS_OK;
}

enum status option_args_read(const struct arg *table, int index, const struct yaml_node *node,
                             double values[ARG_MAX])
{
    const struct arg *arg = &table[index];
    double value;
    if (node->kind == YAML_LIST && arg->axes > 0)
        return option_args_read_list(arg, node, values + arg_slot(table, index));
    if (node->kind != YAML_SCALAR) return status_fail(STATUS_CONFIG, "expects a single value");
    TRY(arg_parse(arg, node->text, &value));
    arg_set(table, index, value, values);
    return STATUS_OK;
}

enum status option_args_find(const struct arg *table, const char *owner, const struct yaml_node *first,
                             const struct yaml_node *node, int *index)
{
    struct suggest s;
    *index = arg_find(table, node->key);
    for (const struct yaml_node *n = first; *index >= 0 && n != node; n = n->next)
        if (arg_find(table, n->key) == *index)
            return status_fail(STATUS_CONFIG, "%s: '%s' and '%s' are the same argument", owner, n->key,
                               node->key);
    if (*index >= 0) return STATUS_OK;
    suggest_start(&s, node->key);
    for (const struct arg *a = table; a && a->name; a++) {
        suggest_offer(&s, a->name);
        if (a->alias) suggest_offer(&s, a->alias);
    }
    return status_fail(STATUS_CONFIG, "%s has no '%s'%s", owner, node->key, suggest_hint(&s));
}
