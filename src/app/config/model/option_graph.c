/* option_graph.c - reads names of layers, and where their inputs come from. */
#include <string.h>

#include "app/config/model/option_graph.h"
#include "app/config/suggest.h"

#define INPUT "input" /* the name of value 0 */

/* Returns the value that a name stands for: 0 for the input, i + 1 for the output of layer i; -1 if there is
 * none. */
static int option_graph_find(const struct model_spec *model, const char *name)
{
    if (strcmp(name, INPUT) == 0) return 0;
    for (int i = 0; i < model->layer_count; i++)
        if (strcmp(model->layers[i].name, name) == 0) return i + 1;
    return -1;
}

/* Returns the node of the name that an entry of the list gives itself, or NULL. */
static const struct yaml_node *option_graph_name_of(const struct yaml_node *entry)
{
    const struct yaml_node *value = entry->kind == YAML_MAP ? entry->child : NULL;
    if (!value || value->kind != YAML_MAP) return NULL;
    for (const struct yaml_node *n = value->child; n; n = n->next)
        if (strcmp(n->key, "name") == 0 && n->kind == YAML_SCALAR) return n;
    return NULL;
}

/* Finds the entry that gives itself a name, and its number in the list; NULL if there is none. */
static const struct yaml_node *option_graph_find_entry(const struct option_graph *graph, const char *name,
                                                       int *number)
{
    *number = 0;
    for (const struct yaml_node *entry = graph->list->child; entry; entry = entry->next, ++*number) {
        const struct yaml_node *n = option_graph_name_of(entry);
        if (n && strcmp(n->text, name) == 0) return n;
    }
    return NULL;
}

static enum status option_graph_check_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    if (!*name) return status_fail(STATUS_CONFIG, "name: is empty");
    if (strlen(name) >= LAYER_NAME)
        return status_fail(STATUS_CONFIG, "name: '%s' is longer than %d characters", name, LAYER_NAME - 1);
    if (strspn(name, letters) != strlen(name))
        return status_fail(STATUS_CONFIG, "name: '%s' may only have letters, digits, '_', '-' and '.'", name);
    if (strcmp(name, INPUT) == 0)
        return status_fail(STATUS_CONFIG, "name: '" INPUT "' is the input of the model; choose another name");
    return STATUS_OK;
}

enum status option_graph_read_name(const struct option_graph *graph, const struct yaml_node *node,
                                   struct model_spec *model)
{
    struct layer_spec *layer = &model->layers[model->layer_count];
    enum status status = node->kind != YAML_SCALAR
                             ? status_fail(STATUS_CONFIG, "name: expects a single word")
                             : option_graph_check_name(yaml_is_null(node) ? "" : node->text);
    if (status != STATUS_OK) return settings_at(status, graph->setting, node);
    int value = option_graph_find(model, node->text);
    if (value > 0)
        return settings_at(
            status_fail(STATUS_CONFIG,
                        "name: '%s' is already the name of model.layers[%d] (%s); names are unique",
                        node->text, value - 1, model->layers[value - 1].ops->name),
            graph->setting, node);
    strcpy(layer->name, node->text);
    return STATUS_OK;
}

static enum status option_graph_fail_unknown(const struct option_graph *graph, const struct model_spec *model,
                                             const char *name)
{
    int number;
    const struct yaml_node *later = option_graph_find_entry(graph, name, &number);
    if (later && number == model->layer_count)
        return status_fail(STATUS_CONFIG, "from: '%s' is this entry itself; an entry reads earlier entries",
                           name);
    if (later)
        return status_fail(
            STATUS_CONFIG,
            "from: '%s' is defined later, by model.layers[%d]; an entry reads earlier entries only", name,
            number);
    struct suggest s;
    suggest_start(&s, name);
    suggest_offer(&s, INPUT);
    for (int i = 0; i < model->layer_count; i++)
        if (*model->layers[i].name) suggest_offer(&s, model->layers[i].name);
    return status_fail(STATUS_CONFIG, "from: '%s' is not an earlier entry%s", name, suggest_hint(&s));
}

static enum status option_graph_read_input(const struct option_graph *graph, const struct yaml_node *node,
                                           struct model_spec *model)
{
    struct layer_spec *layer = &model->layers[model->layer_count];
    if (node->kind != YAML_SCALAR || yaml_is_null(node))
        return status_fail(STATUS_CONFIG,
                           "from: expects a name or a list of names of earlier entries, or " INPUT);
    if (layer->input_count == LAYER_MAX_INPUTS)
        return status_fail(STATUS_CONFIG, "from: has more than %d names", LAYER_MAX_INPUTS);
    int value = option_graph_find(model, node->text);
    if (value < 0) return option_graph_fail_unknown(graph, model, node->text);
    layer->inputs[layer->input_count++] = (int16_t)value;
    return STATUS_OK;
}

enum status option_graph_read_from(const struct option_graph *graph, const struct yaml_node *node,
                                   struct model_spec *model)
{
    bool is_list = node->kind == YAML_LIST;
    if (is_list && !node->child)
        return settings_at(status_fail(STATUS_CONFIG, "from: the list is empty; name at least one entry"),
                           graph->setting, node);
    for (const struct yaml_node *n = is_list ? node->child : node; n; n = is_list ? n->next : NULL)
        TRY(settings_at(option_graph_read_input(graph, n, model), graph->setting, n));
    struct layer_spec *layer = &model->layers[model->layer_count];
    if (layer->input_count == 1 && layer->inputs[0] == model->layer_count)
        layer->input_count = 0; /* the default */
    return STATUS_OK;
}

enum status option_graph_check_inputs(const struct layer_spec *layer)
{
    const struct layer_ops *ops = layer->ops;
    int count = layer->input_count ? layer->input_count : 1;
    int min = ops->min_inputs ? ops->min_inputs : 1, max = ops->max_inputs ? ops->max_inputs : 1;
    if (count >= min && count <= max) return STATUS_OK;
    if (max == 1)
        return status_fail(STATUS_CONFIG,
                           "%s takes one input, but 'from' names %d; combine them first with add or concat",
                           ops->name, count);
    if (count < min)
        return status_fail(STATUS_CONFIG,
                           "%s takes at least %d inputs, but has %d; list them: from: [NAME, NAME]",
                           ops->name, min, count);
    return status_fail(STATUS_CONFIG, "%s takes at most %d inputs, but 'from' names %d", ops->name, max,
                       count);
}
