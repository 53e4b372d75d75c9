/* The model section: the input shape and the list of layers. */
#include <string.h>

#include "app/config/option_table.h"
#include "core/number.h"
#include "app/config/settings.h"
#include "app/config/suggest.h"

#define MAX_SIDE (1 << 24)

static enum status at(enum status status, const struct setting *setting, const struct yaml_node *node)
{
    if (status == STATUS_OK) return status;
    char where[SETTINGS_WHERE_SIZE];
    settings_where(setting, node, where);
    return status_at(status, "%s", where);
}

static enum status read_side(const struct yaml_node *node, int64_t *side)
{
    if (node->kind != YAML_SCALAR) return status_fail(STATUS_CONFIG, "a side of the input is a number");
    TRY(number_parse_int(node->text, side));
    if (*side < 1 || *side > MAX_SIDE)
        return status_fail(STATUS_CONFIG, "%s is outside 1..%d", node->text, MAX_SIDE);
    return STATUS_OK;
}

enum status option_read_input(const struct setting *setting, const struct yaml_node *node,
                              struct model_spec *model)
{
    model->input = (struct shape){0};
    if (node->kind == YAML_SCALAR && strcmp(node->text, "auto") == 0) return STATUS_OK;
    int64_t sides[1 + SHAPE_AXES];
    int count = 0;
    const struct yaml_node *side = node->kind == YAML_LIST ? node->child : NULL;
    for (; side && count <= SHAPE_AXES; side = side->next)
        TRY(at(read_side(side, &sides[count++]), setting, side));
    if (side || count == 0)
        return at(
            status_fail(STATUS_CONFIG, "the input is [F], [C, L] or [H, W], [C, H, W], [C, D, H, W] or auto"),
            setting, node);
    model->input = shape_of(sides[0], count - 1, sides + 1);
    return STATUS_OK;
}

static enum status find_kind(const char *name, const struct layer_ops **ops)
{
    *ops = layer_find(name);
    if (*ops) return STATUS_OK;
    struct suggest s;
    suggest_start(&s, name);
    for (const struct layer_ops *const *o = layer_registry(); *o; o++) suggest_offer(&s, (*o)->name);
    return status_fail(STATUS_CONFIG, "unknown layer '%s'%s ('ddp_train help keys' lists them)", name,
                       suggest_hint(&s));
}

static enum status read_arg(const struct layer_ops *ops, const struct yaml_node *node, double values[ARG_MAX])
{
    int index = arg_find(ops->args, node->key);
    if (index < 0) {
        struct suggest s;
        suggest_start(&s, node->key);
        for (const struct arg *a = ops->args; a && a->name; a++) suggest_offer(&s, a->name);
        return status_fail(STATUS_CONFIG, "%s has no '%s'%s", ops->name, node->key, suggest_hint(&s));
    }
    if (node->kind != YAML_SCALAR)
        return status_fail(STATUS_CONFIG, "%s: '%s' is one value", ops->name, node->key);
    enum status status = arg_parse(&ops->args[index], node->text, &values[index]);
    return status == STATUS_OK ? status : status_at(status, "%s: %s", ops->name, node->key);
}

/* What stands behind "kind:": nothing, the first argument's value, or a map of arguments. */
static enum status read_args(const struct setting *setting, const struct yaml_node *node,
                             struct layer_spec *layer)
{
    const struct layer_ops *ops = layer->ops;
    if (yaml_is_null(node)) return STATUS_OK;
    if (node->kind == YAML_SCALAR) {
        if (!ops->args || !ops->args[0].name)
            return at(status_fail(STATUS_CONFIG, "%s takes no arguments", ops->name), setting, node);
        enum status status = arg_parse(&ops->args[0], node->text, &layer->args[0]);
        return status == STATUS_OK
                   ? status
                   : at(status_at(status, "%s: %s", ops->name, ops->args[0].name), setting, node);
    }
    if (node->kind == YAML_LIST)
        return at(status_fail(STATUS_CONFIG, "%s: write the arguments as {name: value}", ops->name), setting,
                  node);
    for (const struct yaml_node *arg = node->child; arg; arg = arg->next)
        TRY(at(read_arg(ops, arg, layer->args), setting, arg));
    return STATUS_OK;
}

static enum status read_layer(const struct setting *setting, const struct yaml_node *node,
                              struct layer_spec *layer)
{
    const struct yaml_node *args = node->kind == YAML_MAP ? node->child : NULL;
    if (node->kind == YAML_LIST || (node->kind == YAML_MAP && (!args || args->next)))
        return at(status_fail(STATUS_CONFIG, "a layer is 'kind' or 'kind: {arguments}'"), setting, node);
    const char *kind = args ? args->key : node->text;
    TRY(at(find_kind(kind, &layer->ops), setting, node));
    arg_defaults(layer->ops->args, layer->args);
    if (args) TRY(read_args(setting, args, layer));
    return at(arg_complete(layer->ops->args, layer->args, layer->ops->name), setting, node);
}

enum status option_read_layers(const struct setting *setting, const struct yaml_node *node,
                               struct model_spec *model)
{
    model->layer_count = 0;
    if (node->kind != YAML_LIST || !node->child)
        return at(
            status_fail(STATUS_CONFIG, "the layers are a list such as [{linear: 100}, relu, {linear: 10}]"),
            setting, node);
    for (const struct yaml_node *n = node->child; n; n = n->next) {
        if (model->layer_count == MODEL_MAX_LAYERS)
            return at(status_fail(STATUS_CONFIG, "more than %d layers", MODEL_MAX_LAYERS), setting, n);
        TRY(read_layer(setting, n, &model->layers[model->layer_count]));
        model->layer_count++;
    }
    return STATUS_OK;
}
