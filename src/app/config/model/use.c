/* use.c - reads the use of a block: its keys, its arguments and the names of its repetitions. */
#include "app/config/model/use.h"

#include <stdio.h>
#include <string.h>

#include "core/number.h"

#define MAX_DEPTH 16

/* Puts the place of a failed substitution before its message. */
static enum status use_at(enum status status, const struct use_list *list)
{
    return settings_at(status, list->graph.setting, list->parameters.place);
}

enum status use_copy(struct use_list *list, const struct yaml_node *node, struct yaml_node **copy)
{
    *copy = NULL;
    enum status status = use_at(substitute_copy(&list->parameters, node, copy), list);
    if (status != STATUS_OK) yaml_destroy(copy);
    return status;
}

enum status use_evaluate(struct use_list *list, const struct yaml_node *node, const char *text,
                         char value[EXPRESSION_TEXT])
{
    return use_at(substitute_text(&list->parameters, node, text, value), list);
}

enum status use_read_when(const struct use_list *list, const struct yaml_node *node, bool *when)
{
    *when = true;
    if (!node) return STATUS_OK;
    enum status status = node->kind == YAML_SCALAR ? number_parse_bool(node->text, when)
                                                   : status_fail(STATUS_CONFIG, "expects true or false");
    if (status != STATUS_OK) status = status_at(status, "when");
    return settings_at(status, list->graph.setting, node);
}

enum status use_name_layer(const struct use_list *list, struct layer_spec *layer)
{
    char name[LAYER_NAME], full[2 * LAYER_NAME];
    const struct option_graph *graph = &list->graph;
    int number = 1, at = 0;
    const struct yaml_node *current = graph->list->child;
    while (current->next && at++ < graph->entry) current = current->next;
    const char *kind = current->kind == YAML_MAP ? current->child->key : current->text;
    for (const struct yaml_node *n = graph->list->child; n != current; n = n->next) {
        const char *other = n->kind == YAML_MAP ? n->child->key : n->text;
        number += strcmp(kind, other) == 0 && !option_graph_member(n, "name");
    }
    for (;; number++) {
        snprintf(name, sizeof name, number > 1 ? "%.50s%d" : "%.50s", layer->ops->name, number);
        if (option_graph_is_named(graph, name)) continue;
        if (snprintf(full, sizeof full, "%s%s", graph->prefix, name) >= LAYER_NAME)
            return status_fail(STATUS_CONFIG, "name: '%s' is longer than %d characters", full,
                               LAYER_NAME - 1);
        if (option_graph_has_name(graph, full)) continue;
        snprintf(layer->name, sizeof layer->name, "%.63s", full);
        return STATUS_OK;
    }
}

static enum status use_read_repeat(const struct yaml_node *node, struct use *use)
{
    int64_t repeat;
    if (node->kind != YAML_SCALAR) return status_fail(STATUS_CONFIG, "repeat: expects a number");
    enum status status = number_parse_int(node->text, &repeat);
    if (status == STATUS_OK && (repeat < 0 || repeat > MODEL_MAX_LAYERS))
        status = status_fail(STATUS_CONFIG, "%s is outside 0..%d", node->text, MODEL_MAX_LAYERS);
    if (status != STATUS_OK) return status_at(status, "repeat");
    use->repeat = (int)repeat;
    use->counts = true;
    return STATUS_OK;
}

static enum status use_read_share(const struct option_graph *graph, const struct yaml_node *node,
                                  struct use *use)
{
    if (node->kind != YAML_SCALAR || yaml_is_null(node))
        return status_fail(STATUS_CONFIG, "share: expects the name of an earlier use of the block");
    if (snprintf(use->share, LAYER_NAME, "%s%s", graph->prefix, node->text) >= LAYER_NAME ||
        !option_graph_has_name(graph, use->share))
        return status_fail(STATUS_CONFIG, "share: '%s' is not an earlier use of block '%s'", node->text,
                           use->block->name);
    return STATUS_OK;
}

enum status use_set_share(const struct use_list *outer, struct use_list *inner, const struct use *use,
                          int repetition)
{
    int length = 0;
    char *share = inner->graph.share;
    const char *own = inner->graph.prefix + strlen(outer->graph.prefix); /* "conv." */
    if (*use->share && use->counts)
        length = snprintf(share, LAYER_NAME, "%s.%d.", use->share, repetition);
    else if (*use->share)
        length = snprintf(share, LAYER_NAME, "%s.", use->share);
    else if (*outer->graph.share)
        length = snprintf(share, LAYER_NAME, "%s%s", outer->graph.share, own);
    return length < LAYER_NAME ? STATUS_OK : status_fail(STATUS_CONFIG, "share: '%s' is too long", share);
}

enum status use_share_layer(const struct use_list *list, struct layer_spec *layer)
{
    char full[2 * LAYER_NAME];
    const struct option_graph *graph = &list->graph;
    if (!*graph->share || layer->share) return STATUS_OK;
    snprintf(full, sizeof full, "%s%s", graph->share, layer->name + strlen(graph->prefix));
    const struct option_name *found = option_graph_find_layer(graph, full);
    if (!found || strcmp(found->kind, layer->ops->name) != 0)
        return status_fail(STATUS_CONFIG, "share: there is no %s '%s'", layer->ops->name, full);
    layer->share = found->value;
    return STATUS_OK;
}

/* Reads name, from, repeat, when and share of a use. */
static enum status use_read_keys(struct use_list *list, struct use *use)
{
    static const char *const keys[] = {"name", "from", "repeat", "when", "share"};
    struct option_graph *graph = &list->graph;
    for (int k = 0; k < 5; k++) {
        const struct yaml_node *node = option_graph_member(use->entry, keys[k]);
        struct yaml_node *copy;
        bool when;
        if (!node) continue;
        TRY(use_copy(list, node, &copy));
        enum status status = STATUS_OK;
        if (k == 0)
            status = option_graph_read_name(graph, copy, use->name);
        else if (k == 1)
            status = option_graph_read_from(graph, copy, use->inputs, &use->input_count);
        else if (k == 2)
            status = settings_at(use_read_repeat(copy, use), graph->setting, copy);
        else if (k == 4)
            status = settings_at(use_read_share(graph, copy, use), graph->setting, copy);
        else if ((status = use_read_when(list, copy, &when)) == STATUS_OK && !when)
            use->repeat = 0;
        yaml_destroy(&copy);
        TRY(status);
    }
    if (use->input_count == 0) use->inputs[use->input_count++] = (int16_t)graph->value;
    return STATUS_OK;
}

/* Returns the node with the value that the use gives to a parameter, or NULL. */
static const struct yaml_node *use_find_argument(const struct use *use, int parameter)
{
    const struct yaml_node *value = use->entry->kind == YAML_MAP ? use->entry->child : NULL;
    if (value && value->kind == YAML_SCALAR && !yaml_is_null(value)) return parameter == 0 ? value : NULL;
    return option_graph_member(use->entry, use->block->parameters[parameter].name);
}

/* Fails if a use gives values to what the block does not have. */
static enum status use_check_arguments(const struct use_list *list, const struct use *use)
{
    const struct block *b = use->block;
    const struct yaml_node *value = use->entry->kind == YAML_MAP ? use->entry->child : NULL;
    if (value && value->kind == YAML_LIST)
        return settings_at(status_fail(STATUS_CONFIG, "%s: write the arguments as {name: value}", b->name),
                           list->graph.setting, value);
    if (value && value->kind == YAML_SCALAR && !yaml_is_null(value) && b->parameter_count == 0)
        return settings_at(status_fail(STATUS_CONFIG, "block '%s' has no parameters", b->name),
                           list->graph.setting, value);
    for (const struct yaml_node *n = value ? value->child : NULL; n; n = n->next) {
        struct suggest s;
        if (block_is_key(n->key) || block_find_parameter(b, n->key) >= 0) continue;
        suggest_start(&s, n->key);
        for (int i = 0; i < b->parameter_count; i++) suggest_offer(&s, b->parameters[i].name);
        for (int i = 0; block_key(i); i++) suggest_offer(&s, block_key(i));
        return settings_at(status_fail(STATUS_CONFIG, "block '%s' has no parameter '%s'%s", b->name, n->key,
                                       suggest_hint(&s)),
                           list->graph.setting, n);
    }
    return STATUS_OK;
}

enum status use_set_parameters(struct use_list *outer, struct use_list *inner, const struct use *use,
                               int repetition)
{
    enum status status = STATUS_OK;
    const struct block *b = use->block;
    inner->parameters = (struct substitute){.block = b, .repetition = -1};
    outer->parameters.repetition = use->counts ? repetition : -1;
    for (int i = 0; status == STATUS_OK && i < b->parameter_count; i++) {
        const struct yaml_node *argument = use_find_argument(use, i);
        const struct block_parameter *p = &b->parameters[i];
        if (argument)
            status = use_copy(outer, argument, &inner->parameters.values[i]);
        else if (p->default_value)
            status = use_copy(inner, p->default_value, &inner->parameters.values[i]);
        else
            status = settings_at(status_fail(STATUS_CONFIG, "block '%s' needs '%s'", b->name, p->name),
                                 outer->graph.setting, use->entry);
    }
    outer->parameters.repetition = -1;
    return status;
}

enum status use_name_repetition(const struct use_list *outer, const struct use *use, int repetition,
                                char name[LAYER_NAME], char prefix[LAYER_NAME])
{
    int length;
    if (*use->name && !use->counts)
        length = snprintf(name, LAYER_NAME, "%s", use->name);
    else if (*use->name)
        length = snprintf(name, LAYER_NAME, "%s.%d", use->name, repetition);
    else
        do /* of an unnamed use: the first number that is free */
            length = snprintf(name, LAYER_NAME, "%s%s.%d", outer->graph.prefix, use->block->name, repetition);
        while (length < LAYER_NAME && option_graph_has_name(&outer->graph, name) && ++repetition);
    if (option_graph_has_name(&outer->graph, name))
        return status_fail(STATUS_CONFIG, "name: '%s' is already a name; names are unique", name);
    if (length >= LAYER_NAME || snprintf(prefix, LAYER_NAME, "%s.", name) >= LAYER_NAME)
        return status_fail(STATUS_CONFIG, "name: '%s' is longer than %d characters", name, LAYER_NAME - 2);
    return STATUS_OK;
}

static enum status use_check(const struct use_list *list, const struct use *use)
{
    for (const struct use_list *l = list; l->outer; l = l->outer)
        if (strcmp(l->parameters.block->name, use->block->name) == 0)
            return settings_at(status_fail(STATUS_CONFIG, "block '%s' contains itself", use->block->name),
                               list->graph.setting, use->entry);
    if (list->depth == MAX_DEPTH)
        return settings_at(status_fail(STATUS_CONFIG, "blocks are nested more than %d deep", MAX_DEPTH),
                           list->graph.setting, use->entry);
    return use_check_arguments(list, use);
}

enum status use_read(struct use_list *list, struct use *use)
{
    TRY(use_check(list, use));
    return use_read_keys(list, use);
}
