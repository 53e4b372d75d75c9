/* option_model.c - reads the section model: the shape of the input, and the layers with their arguments. */
#include <string.h>

#include "app/config/value/option_value.h"
#include "app/config/model/block.h"
#include "app/config/model/expand.h"
#include "app/config/model/option_args.h"
#include "app/config/model/option_graph.h"
#include "app/config/model/option_init.h"
#include "app/config/suggest.h"
#include "core/number.h"

#define MAX_AXIS (1 << 24)

static enum status option_model_read_axis(const struct yaml_node *node, int64_t *axis)
{
    if (node->kind != YAML_SCALAR) return status_fail(STATUS_CONFIG, "an axis of the input is a number");
    TRY(number_parse_int(node->text, axis));
    if (*axis < 1 || *axis > MAX_AXIS)
        return status_fail(STATUS_CONFIG, "%s is outside 1..%d", node->text, MAX_AXIS);
    return STATUS_OK;
}

enum status option_read_input(const struct setting *setting, const struct yaml_node *node,
                              struct model_spec *model)
{
    model->input = (struct shape){0};
    if (node->kind == YAML_SCALAR && strcmp(node->text, "auto") == 0) return STATUS_OK;
    int64_t axes[1 + SHAPE_AXES];
    int count = 0;
    const struct yaml_node *n = node->kind == YAML_LIST ? node->child : NULL;
    for (; n && count < 1 + SHAPE_AXES; n = n->next)
        TRY(settings_at(option_model_read_axis(n, &axes[count++]), setting, n));
    if (n || count == 0)
        return settings_at(
            status_fail(STATUS_CONFIG, "the input is [F], [C, L] or [H, W], [C, H, W], [C, D, H, W] or auto"),
            setting, node);
    model->input = shape_of(axes[0], count - 1, axes + 1); /* [H, W] becomes [1, H, W] with the data */
    return STATUS_OK;
}

static enum status option_model_find_kind(const struct option_graph *graph, const char *name,
                                          const struct layer_ops **ops)
{
    *ops = layer_find(name);
    if (*ops) return STATUS_OK;
    struct suggest s;
    suggest_start(&s, name);
    for (const struct layer_ops *const *o = layer_registry(); *o; o++) suggest_offer(&s, (*o)->name);
    block_offer_names(graph->blocks, &s);
    return status_fail(STATUS_CONFIG, "unknown layer '%s'%s (see 'ddp_train help layers')", name,
                       suggest_hint(&s));
}

static enum status option_model_read_argument(const struct layer_ops *ops, const struct yaml_node *node,
                                              double values[ARG_MAX])
{
    int index = arg_find(ops->args, node->key);
    if (index < 0) {
        struct suggest s;
        suggest_start(&s, node->key);
        for (const struct arg *a = ops->args; a && a->name; a++) {
            suggest_offer(&s, a->name);
            if (a->alias) suggest_offer(&s, a->alias);
        }
        suggest_offer(&s, "name");
        suggest_offer(&s, "from");
        suggest_offer(&s, "when");
        suggest_offer(&s, "share");
        suggest_offer(&s, "init");
        suggest_offer(&s, "bias_init");
        return status_fail(STATUS_CONFIG, "%s has no '%s'%s", ops->name, node->key, suggest_hint(&s));
    }
    enum status status = option_args_read(ops->args, index, node, values);
    return status == STATUS_OK ? status : status_at(status, "%s: %s", ops->name, node->key);
}

/* Fails if an argument is given twice, under its name and its alias. */
static enum status option_model_check_once(const struct layer_ops *ops, const struct yaml_node *first,
                                           const struct yaml_node *node)
{
    int index = arg_find(ops->args, node->key);
    for (const struct yaml_node *n = first; index >= 0 && n != node; n = n->next)
        if (arg_find(ops->args, n->key) == index)
            return status_fail(STATUS_CONFIG, "%s: '%s' and '%s' are the same argument", ops->name, n->key,
                               node->key);
    return STATUS_OK;
}

/* Reads the value of "kind:": nothing, or the value of the first argument. */
static enum status option_model_read_scalar(const struct yaml_node *node, struct layer_spec *layer)
{
    const struct layer_ops *ops = layer->ops;
    if (yaml_is_null(node)) return STATUS_OK;
    if (!ops->args || !ops->args[0].name)
        return status_fail(STATUS_CONFIG, "%s takes no arguments", ops->name);
    enum status status = option_args_read(ops->args, 0, node, layer->args);
    return status == STATUS_OK ? status : status_at(status, "%s: %s", ops->name, ops->args[0].name);
}

/* Whether a key says how parameters start; prelu has an argument of that name. */
static bool option_model_is_init(const struct layer_ops *ops, const char *key)
{
    return (strcmp(key, "init") == 0 || strcmp(key, "bias_init") == 0) && arg_find(ops->args, key) < 0;
}

/* Reads {argument: value, ..., name: NAME, from: NAMES, init: KIND, bias_init: KIND}. */
static enum status option_model_read_map(const struct option_graph *graph, const struct yaml_node *node,
                                         struct layer_spec *layer)
{
    for (const struct yaml_node *n = node->child; n; n = n->next)
        if (strcmp(n->key, "name") == 0)
            TRY(option_graph_read_name(graph, n, layer->name));
        else if (strcmp(n->key, "from") == 0)
            TRY(option_graph_read_from(graph, n, layer->inputs, &layer->input_count));
        else if (strcmp(n->key, "share") == 0)
            TRY(option_graph_read_share(graph, n, layer->ops, &layer->share));
        else if (option_model_is_init(layer->ops, n->key))
            TRY(option_init_read(graph->setting, n, *n->key == 'i' ? &layer->init : &layer->bias_init));
        else {
            TRY(settings_at(option_model_check_once(layer->ops, node->child, n), graph->setting, n));
            TRY(settings_at(option_model_read_argument(layer->ops, n, layer->args), graph->setting, n));
        }
    return STATUS_OK;
}

/* Reads an entry that is a layer. */
static enum status option_model_read_layer(const struct option_graph *graph, const struct yaml_node *node,
                                           struct layer_spec *layer)
{
    const struct setting *setting = graph->setting;
    const struct yaml_node *value = node->kind == YAML_MAP ? node->child : NULL;
    *layer = (struct layer_spec){.ops = NULL};
    TRY(settings_at(option_model_find_kind(graph, value ? value->key : node->text, &layer->ops), setting,
                    node));
    arg_defaults(layer->ops->args, layer->args);
    if (value && value->kind == YAML_LIST)
        return settings_at(
            status_fail(STATUS_CONFIG, "%s: write the arguments as {name: value}", layer->ops->name), setting,
            value);
    if (value && value->kind == YAML_SCALAR)
        TRY(settings_at(option_model_read_scalar(value, layer), setting, value));
    if (value && value->kind == YAML_MAP) TRY(option_model_read_map(graph, value, layer));
    if (layer->input_count == 0) {
        layer->inputs[0] = (int16_t)graph->value;
        layer->input_count = 1;
    }
    TRY(settings_at(arg_complete(layer->ops->args, layer->args, layer->ops->name), setting, node));
    return settings_at(option_graph_check_inputs(layer), setting, node);
}

enum status option_read_init(const struct setting *setting, bool of_biases, struct model_spec *model)
{
    struct init *init = of_biases ? &model->bias_init : &model->init;
    TRY(option_init_read(setting, setting->value, init));
    if (!of_biases || init->ops->min_rank < 2) return STATUS_OK;
    return settings_at(status_fail(STATUS_CONFIG,
                                   "%s is for weights; biases take normal, uniform, constant, zeros or ones",
                                   init->ops->name),
                       setting, setting->value);
}

enum status option_check_blocks(const struct setting *setting)
{
    return block_check_all(setting);
}

enum status option_read_layers(const struct setting *setting, const struct setting *blocks,
                               struct model_spec *model, bool *uses_blocks)
{
    const struct yaml_node *node = setting->value;
    model->layer_count = 0;
    if (node->kind != YAML_LIST || !node->child)
        return settings_at(
            status_fail(STATUS_CONFIG, "the layers are a list such as [{linear: 100}, relu, {linear: 10}]"),
            setting, node);
    return expand_layers(setting, blocks, option_model_read_layer, model, uses_blocks);
}
