/* option_steps.c - lists of steps of data: each is a kind with its arguments. */
#include <string.h>

#include "app/config/value/option_value.h"
#include "app/config/model/option_args.h"
#include "app/config/option_table.h"
#include "app/config/settings.h"
#include "app/config/suggest.h"
#include "core/mem.h"

static enum status option_steps_find(const struct option *o, const char *name, const struct data_kind **kind)
{
    struct suggest s;
    suggest_start(&s, name);
    for (int i = 0; (*kind = o->kinds(i)); i++) {
        if (strcmp((*kind)->name, name) == 0) return STATUS_OK;
        suggest_offer(&s, (*kind)->name);
    }
    return status_fail(STATUS_CONFIG, "unknown kind '%s'%s (see 'ddp_train help %s')", name, suggest_hint(&s),
                       strchr(o->key, '.') + 1);
}

static enum status option_steps_read_value(struct data_step *step, int index, const struct yaml_node *node)
{
    const struct arg *args = step->kind->args;
    const struct yaml_node *at;
    enum status status = args[index].kind == ARG_LIST
                             ? option_read_value(&args[index], node, &step->args, index, &at)
                             : option_args_read(args, index, node, step->args.of);
    return status == STATUS_OK ? status : status_at(status, "%s: %s", step->kind->name, args[index].name);
}

static enum status option_steps_read_argument(struct data_step *step, const struct yaml_node *first,
                                              const struct yaml_node *node)
{
    const struct data_kind *kind = step->kind;
    int index;
    TRY(option_args_find(kind->args, kind->name, first, node, &index));
    return option_steps_read_value(step, index, node);
}

/* Reads what stands behind "kind:": nothing, the first argument, or a map. */
static enum status option_steps_read_arguments(const struct setting *setting, const struct yaml_node *value,
                                               struct data_step *step)
{
    const struct data_kind *kind = step->kind;
    for (const struct yaml_node *n = value->kind == YAML_MAP ? value->child : NULL; n; n = n->next)
        TRY(settings_at(option_steps_read_argument(step, value->child, n), setting, n));
    if (value->kind == YAML_MAP || yaml_is_null(value)) return STATUS_OK;
    if (!kind->args)
        return settings_at(status_fail(STATUS_CONFIG, "%s takes no arguments", kind->name), setting, value);
    return settings_at(option_steps_read_value(step, 0, value), setting, value);
}

static enum status option_steps_read_entry(const struct option *o, const struct setting *setting,
                                           const struct yaml_node *node, struct data_step *step)
{
    const struct yaml_node *value = node->kind == YAML_MAP ? node->child : NULL;
    if (node->kind == YAML_LIST || (node->kind == YAML_MAP && (!value || value->next)) || yaml_is_null(node))
        return settings_at(
            status_fail(STATUS_CONFIG, "an entry is 'kind', 'kind: VALUE' or 'kind: {argument: value}'"),
            setting, node);
    TRY(settings_at(option_steps_find(o, value ? value->key : node->text, &step->kind), setting, node));
    arg_values_defaults(step->kind->args, &step->args);
    if (value) TRY(option_steps_read_arguments(setting, value, step));
    return settings_at(arg_complete(step->kind->args, step->args.of, step->kind->name), setting, node);
}

void option_free_steps(struct data_steps *steps)
{
    for (int i = 0; i < DATA_STEPS_MAX; i++) arg_values_free(&steps->of[i].args);
    *steps = (struct data_steps){.count = 0};
}

enum status option_read_steps(const struct option *o, const struct setting *setting, struct data_steps *steps)
{
    const struct yaml_node *node = setting->value;
    option_free_steps(steps);
    if (yaml_is_empty(node)) return STATUS_OK;
    if (node->kind != YAML_LIST)
        return settings_at(status_fail(STATUS_CONFIG, "expects a list such as [{%s: {}}]", o->kinds(0)->name),
                           setting, node);
    for (const struct yaml_node *n = node->child; n; n = n->next) {
        if (steps->count == DATA_STEPS_MAX)
            return settings_at(status_fail(STATUS_CONFIG, "more than %d entries", DATA_STEPS_MAX), setting,
                               n);
        TRY(option_steps_read_entry(o, setting, n, &steps->of[steps->count]));
        steps->count++;
    }
    return STATUS_OK;
}

static void option_write_step(FILE *out, const struct data_step *step)
{
    const struct arg *args = step->kind->args;
    fprintf(out, "{%s: {", step->kind->name);
    for (int i = 0; args && args[i].name; i++) {
        char text[ARG_SLOTS_TEXT_SIZE];
        fprintf(out, "%s%s: ", i ? ", " : "", args[i].name);
        if (args[i].kind == ARG_LIST) {
            option_write_value(out, &args[i], &step->args, i);
            continue;
        }
        arg_format_slots(&args[i], step->args.of + arg_slot(args, i), text);
        fputs(text, out);
    }
    fputs("}}", out);
}

void option_write_steps(FILE *out, const struct data_steps *steps)
{
    fputc('[', out);
    for (int i = 0; i < steps->count; i++) {
        if (i) fputs(", ", out);
        option_write_step(out, &steps->of[i]);
    }
    fputc(']', out);
}
