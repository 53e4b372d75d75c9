/* expand.c - expands uses of blocks to a flat list of layers. */
#include "app/config/model/expand.h"

#include <stdio.h>
#include <string.h>

#include "app/config/model/use.h"
#include "core/mem.h"

#define MAX_ENTRIES (4 * MODEL_MAX_LAYERS) /* that are looked at, those that are left out included */

/* What all lists of a model share. */
struct expand {
    struct model_spec *model;
    const struct setting *blocks;
    expand_read *read;
    struct option_names names;
    int entries;
    bool uses_blocks;
};

static enum status expand_list_entries(struct expand *x, struct use_list *list);

/* Removes the member `key` of an entry {kind: {key: ...}} and returns it, or NULL. */
static struct yaml_node *expand_take_member(struct yaml_node *entry, const char *key)
{
    struct yaml_node *member = (struct yaml_node *)option_graph_member(entry, key);
    if (!member) return NULL;
    struct yaml_node **link = &entry->child->child;
    while (*link != member) link = &(*link)->next;
    *link = member->next;
    member->next = NULL;
    return member;
}

/* Reads a layer that is there. */
static enum status expand_add_layer(struct expand *x, struct use_list *list, const struct yaml_node *entry)
{
    struct option_graph *graph = &list->graph;
    int index = x->model->layer_count;
    if (index == MODEL_MAX_LAYERS)
        return settings_at(status_fail(STATUS_CONFIG,
                                       "more than %d layers; a model can have at most that many",
                                       MODEL_MAX_LAYERS),
                           graph->setting, entry);
    struct layer_spec *layer = &x->model->layers[index];
    TRY(x->read(graph, entry, layer));
    if (list->outer && !*layer->name) TRY(settings_at(use_name_layer(list, layer), graph->setting, entry));
    if (list->outer) TRY(settings_at(use_share_layer(list, layer), graph->setting, entry));
    if (*layer->name) TRY(option_graph_add_name(graph, layer->name, index + 1, layer->ops->name));
    if (layer->input_count == 1 && layer->inputs[0] == index) layer->input_count = 0; /* the default */
    graph->value = ++x->model->layer_count;
    return STATUS_OK;
}

/* An entry that is left out passes on what it would have read. */
static enum status expand_skip_layer(struct use_list *list, const struct yaml_node *entry)
{
    struct option_graph *graph = &list->graph;
    const struct yaml_node *name = option_graph_member(entry, "name"),
                           *from = option_graph_member(entry, "from");
    int16_t inputs[LAYER_MAX_INPUTS] = {(int16_t)graph->value};
    char full[LAYER_NAME];
    int count = 0;
    if (from) TRY(option_graph_read_from(graph, from, inputs, &count));
    graph->value = inputs[0];
    if (!name) return STATUS_OK;
    TRY(option_graph_read_name(graph, name, full));
    return option_graph_add_name(graph, full, graph->value, NULL);
}

static enum status expand_layer(struct expand *x, struct use_list *list, struct yaml_node *entry)
{
    struct yaml_node *node = expand_take_member(entry, "when");
    bool when;
    enum status status = use_read_when(list, node, &when);
    yaml_destroy(&node);
    TRY(status);
    return when ? expand_add_layer(x, list, entry) : expand_skip_layer(list, entry);
}

/* Expands one repetition. Its output becomes the first input of the next. */
static enum status expand_repetition(struct expand *x, struct use_list *outer, struct use *use,
                                     int repetition)
{
    struct use_list inner = {.outer = outer, .depth = outer->depth + 1};
    struct option_graph *graph = &inner.graph;
    char name[LAYER_NAME] = "";
    *graph = (struct option_graph){.setting = x->blocks,
                                   .blocks = x->blocks,
                                   .list = use->block->layers,
                                   .names = &x->names,
                                   .input_count = use->input_count,
                                   .value = use->inputs[0]};
    for (int i = 0; i < use->input_count; i++) graph->inputs[i] = use->inputs[i];
    TRY(settings_at(use_name_repetition(outer, use, repetition, name, graph->prefix), outer->graph.setting,
                    use->entry));
    TRY(settings_at(use_set_share(outer, &inner, use, repetition), outer->graph.setting, use->entry));
    enum status status = use_set_parameters(outer, &inner, use, repetition);
    if (status == STATUS_OK) {
        status = expand_list_entries(x, &inner);
        if (status != STATUS_OK) status = status_at(status, "in %s", name);
        status = settings_at(status, outer->graph.setting, use->entry);
    }
    substitute_free(&inner.parameters);
    TRY(status);
    use->inputs[0] = (int16_t)graph->value;
    bool is_last = *use->name && !use->counts; /* then the use itself has this name */
    return is_last ? STATUS_OK : option_graph_add_name(graph, name, graph->value, NULL);
}

static enum status expand_block(struct expand *x, struct use_list *list, const struct yaml_node *entry,
                                const struct block *block)
{
    struct use use = {.entry = entry, .block = block, .repeat = 1};
    x->uses_blocks = true;
    TRY(use_read(list, &use));
    for (int r = 0; r < use.repeat; r++) TRY(expand_repetition(x, list, &use, r));
    list->graph.value = use.inputs[0];
    return *use.name ? option_graph_add_name(&list->graph, use.name, use.inputs[0], NULL) : STATUS_OK;
}

/* Reads an entry of kind `kind`, a block or a layer; what else it refers to may still be parameters. */
static enum status expand_entry_of(struct expand *x, struct use_list *list, const struct yaml_node *entry,
                                   const char *kind)
{
    struct block block;
    struct yaml_node *copy;
    if (block_find(x->blocks, kind, &block)) return expand_block(x, list, entry, &block);
    TRY(use_copy(list, entry, &copy));
    char **text = copy->kind == YAML_MAP ? &copy->child->key : &copy->text;
    mem_free(text);
    enum status status = mem_copy_text(text, kind);
    if (status == STATUS_OK) status = expand_layer(x, list, copy);
    yaml_destroy(&copy);
    return status;
}

static enum status expand_entry(struct expand *x, struct use_list *list, const struct yaml_node *entry)
{
    char kind[EXPRESSION_TEXT];
    const struct setting *setting = list->graph.setting;
    const struct yaml_node *value = entry->kind == YAML_MAP ? entry->child : NULL;
    if (++x->entries > MAX_ENTRIES)
        return settings_at(status_fail(STATUS_CONFIG, "blocks expand to more than %d entries", MAX_ENTRIES),
                           setting, entry);
    if (entry->kind == YAML_LIST || (entry->kind == YAML_MAP && (!value || value->next)))
        return settings_at(
            status_fail(
                STATUS_CONFIG,
                "a layer is 'kind', 'kind: VALUE' or 'kind: {argument: value, name: NAME, from: NAMES}'"),
            setting, entry);
    const char *text = value ? value->key : entry->text;
    if (!expression_is(text)) return expand_entry_of(x, list, entry, text);
    char name[EXPRESSION_NAME];
    struct yaml_node *copy;
    if (value || !expression_is_parameter(text, name)) { /* {$norm: {...}} */
        TRY(use_evaluate(list, entry, text, kind));
        return expand_entry_of(x, list, entry, kind);
    }
    TRY(use_copy(list, entry, &copy)); /* the value may be an entry with arguments */
    enum status status = expand_entry(x, list, copy);
    yaml_destroy(&copy);
    return status;
}

static enum status expand_list_entries(struct expand *x, struct use_list *list)
{
    struct option_graph *graph = &list->graph;
    for (const struct yaml_node *n = graph->list->child; n; n = n->next, graph->entry++)
        TRY(expand_entry(x, list, n));
    return STATUS_OK;
}

/* Gives a layer that is read by name a name, if it has none: a block may read what stands before it. */
static enum status expand_name_read(struct expand *x, const struct option_graph *graph)
{
    int inputs[LAYER_MAX_INPUTS];
    for (int i = 0; i < x->model->layer_count; i++) {
        int count = layer_spec_inputs(x->model, i, inputs);
        for (int k = 0; k < count && x->model->layers[i].input_count > 0; k++) {
            struct layer_spec *read = inputs[k] > 0 ? &x->model->layers[inputs[k] - 1] : NULL;
            if (!read || *read->name) continue;
            int number = inputs[k] - 1;
            do {
                snprintf(read->name, sizeof read->name, "%.40s_%d", read->ops->name, number);
                number += MODEL_MAX_LAYERS;
            } while (option_graph_has_name(graph, read->name));
            TRY(option_graph_add_name(graph, read->name, inputs[k], read->ops->name));
        }
    }
    return STATUS_OK;
}

enum status expand_layers(const struct setting *layers, const struct setting *blocks, expand_read *read,
                          struct model_spec *model, bool *uses_blocks)
{
    if (blocks) TRY(block_check_all(blocks));
    if (blocks && yaml_is_null(blocks->value)) blocks = NULL;
    struct expand x = {.model = model, .blocks = blocks, .read = read};
    struct use_list list = {.parameters.repetition = -1};
    list.graph =
        (struct option_graph){.setting = layers, .blocks = blocks, .list = layers->value, .names = &x.names};
    model->layer_count = 0;
    enum status status = expand_list_entries(&x, &list);
    if (status == STATUS_OK) status = expand_name_read(&x, &list.graph);
    mem_free(&x.names.list);
    *uses_blocks = x.uses_blocks;
    if (status == STATUS_OK && blocks && blocks->level == layers->level)
        status = block_check_used(blocks, layers->value);
    if (status == STATUS_OK && model->layer_count == 0)
        status = settings_at(status_fail(STATUS_CONFIG, "no layer is left"), layers, layers->value);
    return status;
}
