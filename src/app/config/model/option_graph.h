/* option_graph.h - names and inputs of layers, for the file that reads model.layers.
 *
 * Local functions; errors are STATUS_CONFIG with key, line and column. */
#ifndef APP_CONFIG_MODEL_OPTION_GRAPH_H
#define APP_CONFIG_MODEL_OPTION_GRAPH_H

#include "app/config/settings.h"
#include "nn/model.h"

/* The list that is read, for messages about entries other than the current one. */
struct option_graph {
    const struct setting *setting;
    const struct yaml_node *list;
};

/* Reads `name` and `from` of layer number model->layer_count; all earlier layers are complete. `from` is a
 * name or a list of names of earlier entries, or input. */
enum status option_graph_read_name(const struct option_graph *graph, const struct yaml_node *node,
                                   struct model_spec *model);
enum status option_graph_read_from(const struct option_graph *graph, const struct yaml_node *node,
                                   struct model_spec *model);

/* Checks that the kind of a layer takes as many inputs as it has; the message has no place. */
enum status option_graph_check_inputs(const struct layer_spec *layer);

#endif
