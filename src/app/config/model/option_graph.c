/* option_graph.c - reads names of layers, and where their inputs come from. */
#include <stdio.h>
#include <string.h>

#include "app/config/model/option_graph.h"
#include "app/config/suggest.h"
#include "core/mem.h"
#include "core/number.h"

#define INPUT "input" /* the name of value 0 */
#define IN    "in"    /* in a block: all its inputs; "in.0" is the first */

static bool option_graph_is_in_block(const struct option_graph *graph)
{
    return *graph->prefix != '\0';
}

static const struct option_name *option_graph_find(const struct option_graph *graph, const char *full)
{
    for (int i = 0; i < graph->names->count; i++)
        if (strcmp(graph->names->list[i].text, full) == 0) return &graph->names->list[i];
    return NULL;
}

bool option_graph_has_name(const struct option_graph *graph, const char *full)
{
    return option_graph_find(graph, full) != NULL;
}

const struct option_name *option_graph_find_layer(const struct option_graph *graph, const char *full)
{
    const struct option_name *found = option_graph_find(graph, full);
    return found && found->kind ? found : NULL;
}

enum status option_graph_add_name(const struct option_graph *graph, const char *full, int value,
                                  const char *kind)
{
    struct option_names *names = graph->names;
    if (names->count == names->capacity) {
        int capacity = names->capacity ? 2 * names->capacity : 64;
        struct option_name *list;
        TRY(mem_alloc(&list, (size_t)capacity, sizeof *list, "names of layers"));
        if (names->count) memcpy(list, names->list, (size_t)names->count * sizeof *list);
        mem_free(&names->list);
        names->list = list;
        names->capacity = capacity;
    }
    struct option_name *name = &names->list[names->count++];
    *name = (struct option_name){.value = value, .kind = kind};
    snprintf(name->text, sizeof name->text, "%s", full);
    return STATUS_OK;
}

const struct yaml_node *option_graph_member(const struct yaml_node *entry, const char *key)
{
    const struct yaml_node *value = entry->kind == YAML_MAP ? entry->child : NULL;
    if (!value || value->kind != YAML_MAP) return NULL;
    for (const struct yaml_node *n = value->child; n; n = n->next)
        if (strcmp(n->key, key) == 0) return n;
    return NULL;
}

/* Finds the entry that gives itself a name, and its number in the list; false if there is none. */
static bool option_graph_find_entry(const struct option_graph *graph, const char *name, int *number)
{
    *number = 0;
    for (const struct yaml_node *entry = graph->list->child; entry; entry = entry->next, ++*number) {
        const struct yaml_node *n = option_graph_member(entry, "name");
        if (n && n->kind == YAML_SCALAR && strcmp(n->text, name) == 0) return true;
    }
    return false;
}

bool option_graph_is_named(const struct option_graph *graph, const char *name)
{
    int number;
    return option_graph_find_entry(graph, name, &number);
}

static enum status option_graph_check_name(const struct option_graph *graph, const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    if (!*name) return status_fail(STATUS_CONFIG, "name: is empty");
    if (strlen(name) >= LAYER_NAME)
        return status_fail(STATUS_CONFIG, "name: '%s' is longer than %d characters", name, LAYER_NAME - 1);
    if (strspn(name, letters) != strlen(name))
        return status_fail(STATUS_CONFIG, "name: '%s' may only have letters, digits, '_', '-' and '.'", name);
    if (strcmp(name, INPUT) == 0)
        return status_fail(STATUS_CONFIG, "name: '" INPUT "' is the input of the model; choose another name");
    if (option_graph_is_in_block(graph) && (strcmp(name, IN) == 0 || strncmp(name, IN ".", 3) == 0))
        return status_fail(STATUS_CONFIG, "name: '%s' is an input of the block; choose another name", name);
    return STATUS_OK;
}

/* Makes prefix + name in `full`, if that is not too long and not taken. */
static enum status option_graph_make_name(const struct option_graph *graph, const char *name,
                                          char full[LAYER_NAME])
{
    if (snprintf(full, LAYER_NAME, "%s%s", graph->prefix, name) >= LAYER_NAME)
        return status_fail(STATUS_CONFIG, "name: '%s%s' is longer than %d characters", graph->prefix, name,
                           LAYER_NAME - 1);
    const struct option_name *taken = option_graph_find(graph, full);
    if (taken && taken->kind)
        return status_fail(STATUS_CONFIG,
                           "name: '%s' is already the name of model.layers[%d] (%s); names are unique", full,
                           taken->value - 1, taken->kind);
    if (taken) return status_fail(STATUS_CONFIG, "name: '%s' is already a name; names are unique", full);
    return STATUS_OK;
}

enum status option_graph_read_name(const struct option_graph *graph, const struct yaml_node *node,
                                   char name[LAYER_NAME])
{
    enum status status = node->kind != YAML_SCALAR
                             ? status_fail(STATUS_CONFIG, "name: expects a single word")
                             : option_graph_check_name(graph, yaml_is_null(node) ? "" : node->text);
    if (status == STATUS_OK) status = option_graph_make_name(graph, node->text, name);
    return settings_at(status, graph->setting, node);
}

/* Offers the names that an entry can read: those of its own list, without the prefix. */
static void option_graph_offer(const struct option_graph *graph, struct suggest *s)
{
    size_t length = strlen(graph->prefix);
    suggest_offer(s, option_graph_is_in_block(graph) ? IN : INPUT);
    for (int i = 0; i < graph->names->count; i++)
        if (strncmp(graph->names->list[i].text, graph->prefix, length) == 0)
            suggest_offer(s, graph->names->list[i].text + length);
}

static enum status option_graph_fail_unknown(const struct option_graph *graph, const char *name)
{
    int number;
    const char *list = option_graph_is_in_block(graph) ? "layers" : "model.layers";
    bool later = option_graph_find_entry(graph, name, &number);
    if (later && number == graph->entry)
        return status_fail(STATUS_CONFIG, "from: '%s' is this entry itself; an entry reads earlier entries",
                           name);
    if (later)
        return status_fail(STATUS_CONFIG,
                           "from: '%s' is defined later, by %s[%d]; an entry reads earlier entries only",
                           name, list, number);
    struct suggest s;
    suggest_start(&s, name);
    option_graph_offer(graph, &s);
    return status_fail(STATUS_CONFIG, "from: '%s' is not an earlier entry%s%s", name,
                       option_graph_is_in_block(graph) ? " of this block" : "", suggest_hint(&s));
}

static enum status option_graph_find_shared(const struct option_graph *graph, const struct yaml_node *node,
                                            const struct layer_ops *ops, int *layer)
{
    char full[2 * LAYER_NAME];
    if (node->kind != YAML_SCALAR || yaml_is_null(node))
        return status_fail(STATUS_CONFIG, "share: expects the name of an earlier layer");
    snprintf(full, sizeof full, "%s%s", graph->prefix, node->text);
    const struct option_name *found = option_graph_find_layer(graph, full);
    if (!found) {
        struct suggest s;
        suggest_start(&s, node->text);
        option_graph_offer(graph, &s);
        return status_fail(STATUS_CONFIG, "share: '%s' is not an earlier layer%s", node->text,
                           suggest_hint(&s));
    }
    if (strcmp(found->kind, ops->name) != 0)
        return status_fail(STATUS_CONFIG, "share: '%s' is a %s, not a %s", node->text, found->kind,
                           ops->name);
    *layer = found->value;
    return STATUS_OK;
}

enum status option_graph_read_share(const struct option_graph *graph, const struct yaml_node *node,
                                    const struct layer_ops *ops, int *layer)
{
    return settings_at(option_graph_find_shared(graph, node, ops, layer), graph->setting, node);
}

static enum status option_graph_append(int16_t inputs[LAYER_MAX_INPUTS], int *count, int value)
{
    if (*count == LAYER_MAX_INPUTS)
        return status_fail(STATUS_CONFIG, "from: has more than %d names", LAYER_MAX_INPUTS);
    inputs[(*count)++] = (int16_t)value;
    return STATUS_OK;
}

/* Reads in or in.NUMBER. */
static enum status option_graph_read_block_input(const struct option_graph *graph, const char *name,
                                                 int16_t inputs[LAYER_MAX_INPUTS], int *count)
{
    int64_t number;
    for (int i = 0; !name[strlen(IN)] && i < graph->input_count; i++)
        TRY(option_graph_append(inputs, count, graph->inputs[i]));
    if (!name[strlen(IN)]) return STATUS_OK;
    if (number_parse_int(name + strlen(IN "."), &number) != STATUS_OK || number < 0 ||
        number >= graph->input_count)
        return status_fail(STATUS_CONFIG, "from: '%s' is not an input of the block: it has %d, from in.0",
                           name, graph->input_count);
    return option_graph_append(inputs, count, graph->inputs[number]);
}

static enum status option_graph_read_input(const struct option_graph *graph, const struct yaml_node *node,
                                           int16_t inputs[LAYER_MAX_INPUTS], int *count)
{
    char full[2 * LAYER_NAME];
    const char *name = node->text;
    if (node->kind != YAML_SCALAR || yaml_is_null(node))
        return status_fail(STATUS_CONFIG,
                           "from: expects a name or a list of names of earlier entries, or " INPUT);
    bool in_block = option_graph_is_in_block(graph);
    if (in_block && (strcmp(name, IN) == 0 || strncmp(name, IN ".", strlen(IN ".")) == 0))
        return option_graph_read_block_input(graph, name, inputs, count);
    if (!in_block && strcmp(name, INPUT) == 0) return option_graph_append(inputs, count, 0);
    snprintf(full, sizeof full, "%s%s", graph->prefix, name);
    const struct option_name *found = option_graph_find(graph, full);
    return found ? option_graph_append(inputs, count, found->value) : option_graph_fail_unknown(graph, name);
}

enum status option_graph_read_from(const struct option_graph *graph, const struct yaml_node *node,
                                   int16_t inputs[LAYER_MAX_INPUTS], int *count)
{
    bool is_list = node->kind == YAML_LIST;
    if (is_list && !node->child)
        return settings_at(status_fail(STATUS_CONFIG, "from: the list is empty; name at least one entry"),
                           graph->setting, node);
    for (const struct yaml_node *n = is_list ? node->child : node; n; n = is_list ? n->next : NULL)
        TRY(settings_at(option_graph_read_input(graph, n, inputs, count), graph->setting, n));
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
