/* option_graph.h - names and inputs of layers, for the files that read model.layers.
 *
 * Local functions; errors are STATUS_CONFIG with key, line and column. */
#ifndef APP_CONFIG_MODEL_OPTION_GRAPH_H
#define APP_CONFIG_MODEL_OPTION_GRAPH_H

#include "app/config/settings.h"
#include "nn/model.h"

/* Names of values: of layers, of blocks (the output), and of entries that are left out (what they read). */
struct option_name {
    char text[LAYER_NAME];
    int value;
    const char *kind; /* of the layer that has this name, number value - 1; NULL if there is none */
};

struct option_names {
    struct option_name *list; /* [count] */
    int count, capacity;
};

/* A list of entries that is being read: model.layers, or the layers of a block. */
struct option_graph {
    const struct setting *setting; /* for messages */
    const struct setting *blocks;  /* model.blocks, or NULL */
    const struct yaml_node *list;
    int entry; /* the one that is read, from 0 */
    struct option_names *names;
    char prefix[LAYER_NAME];      /* of names: "stage2.0." in a block, "" outside of blocks */
    char share[LAYER_NAME];       /* likewise of the block whose parameters it shares; "" = none */
    int inputs[LAYER_MAX_INPUTS]; /* values that the block reads */
    int input_count;
    int value; /* the output of the entry before: what an entry without `from` reads */
};

/* Reads `name`, and makes it the full name: prefix and name. It must not be taken. */
enum status option_graph_read_name(const struct option_graph *graph, const struct yaml_node *node,
                                   char name[LAYER_NAME]);

/* Reads `from`: a name or a list of names of earlier entries of the list; outside of blocks also input, in a
 * block also in (all its inputs) and in.0, in.1, ... Appends the values to inputs[*count]. */
enum status option_graph_read_from(const struct option_graph *graph, const struct yaml_node *node,
                                   int16_t inputs[LAYER_MAX_INPUTS], int *count);

/* Reads `share`: the name of an earlier layer of the list, of this kind. *layer is its number, from 1. */
enum status option_graph_read_share(const struct option_graph *graph, const struct yaml_node *node,
                                    const struct layer_ops *ops, int *layer);

/* Returns the layer with a full name, or NULL. */
const struct option_name *option_graph_find_layer(const struct option_graph *graph, const char *full);

/* Whether a full name is taken, and gives a full name to a value; `kind` of the layer called so, or NULL. */
bool option_graph_has_name(const struct option_graph *graph, const char *full);
enum status option_graph_add_name(const struct option_graph *graph, const char *full, int value,
                                  const char *kind);

/* Returns the node of the member `key` of an entry {kind: {key: ...}}, or NULL. */
const struct yaml_node *option_graph_member(const struct yaml_node *entry, const char *key);

/* Returns whether an entry of the list names itself so. */
bool option_graph_is_named(const struct option_graph *graph, const char *name);

/* Checks that the kind of a layer takes as many inputs as it has; the message has no place. */
enum status option_graph_check_inputs(const struct layer_spec *layer);

#endif
