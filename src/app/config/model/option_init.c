/* option_init.c - reads and writes how parameters start. */
#include <string.h>

#include "app/config/model/option_args.h"
#include "app/config/model/option_init.h"
#include "app/config/suggest.h"

static enum status option_init_find(const char *name, const struct init_ops **ops)
{
    *ops = init_find(name);
    if (*ops) return STATUS_OK;
    struct suggest s;
    suggest_start(&s, name);
    for (int i = 0; init_at(i); i++) suggest_offer(&s, init_at(i)->name);
    return status_fail(STATUS_CONFIG,
                       "unknown kind of initial values '%s'%s (see 'ddp_train help initializers')", name,
                       suggest_hint(&s));
}

static enum status option_init_parse(const struct init_ops *ops, int index, const struct yaml_node *node,
                                     double *value)
{
    enum status status = node->kind == YAML_SCALAR ? arg_parse(&ops->args[index], node->text, value)
                                                   : status_fail(STATUS_CONFIG, "expects a single value");
    return status == STATUS_OK ? status : status_at(status, "%s: %s", ops->name, ops->args[index].name);
}

static enum status option_init_read_argument(const struct init_ops *ops, const struct yaml_node *first,
                                             const struct yaml_node *node, double values[ARG_MAX])
{
    int index;
    TRY(option_args_find(ops->args, ops->name, first, node, &index));
    return option_init_parse(ops, index, node, &values[index]);
}

/* Reads what stands behind "kind:": nothing, the first argument, or a map. */
static enum status option_init_read_arguments(const struct setting *setting, const struct init_ops *ops,
                                              const struct yaml_node *value, double values[ARG_MAX])
{
    if (value->kind == YAML_LIST)
        return settings_at(status_fail(STATUS_CONFIG, "%s: write the arguments as {name: value}", ops->name),
                           setting, value);
    for (const struct yaml_node *n = value->child; n; n = n->next)
        TRY(settings_at(option_init_read_argument(ops, value->child, n, values), setting, n));
    if (value->kind == YAML_MAP || yaml_is_null(value)) return STATUS_OK;
    if (!ops->args)
        return settings_at(status_fail(STATUS_CONFIG, "%s takes no arguments", ops->name), setting, value);
    return settings_at(option_init_parse(ops, 0, value, &values[0]), setting, value);
}

enum status option_init_read(const struct setting *setting, const struct yaml_node *node, struct init *init)
{
    double values[ARG_MAX];
    const struct yaml_node *value = node->kind == YAML_MAP ? node->child : NULL;
    if (node->kind == YAML_LIST || (node->kind == YAML_MAP && (!value || value->next)) || yaml_is_null(node))
        return settings_at(
            status_fail(STATUS_CONFIG,
                        "initial values are 'kind', '{kind: VALUE}' or '{kind: {argument: value}}'"),
            setting, node);
    *init = (struct init){.ops = NULL};
    TRY(settings_at(option_init_find(value ? value->key : node->text, &init->ops), setting, node));
    arg_defaults(init->ops->args, values);
    if (value) TRY(option_init_read_arguments(setting, init->ops, value, values));
    TRY(settings_at(arg_complete(init->ops->args, values, init->ops->name), setting, node));
    memcpy(init->args, values, sizeof init->args);
    return STATUS_OK;
}

void option_init_write(FILE *out, const struct init *init)
{
    const struct init_ops *ops = init->ops ? init->ops : init_at(0);
    if (!ops->args) {
        fputs(ops->name, out);
        return;
    }
    fprintf(out, "{%s: {", ops->name);
    for (int i = 0; ops->args[i].name; i++) {
        char text[ARG_TEXT_SIZE];
        arg_format(&ops->args[i], init->args[i], text);
        fprintf(out, "%s%s: %s", i ? ", " : "", ops->args[i].name, text);
    }
    fputs("}}", out);
}
