/* expand.h - from the list model.layers, with its uses of blocks, to a flat list of layers.
 *
 * An entry that names a block stands for the layers of the block:
 *
 *     - residual: {out: 32, stride: 2 if $i == 0 else 1, repeat: 3, name: stage2}
 *
 * The arguments of repetition $i are evaluated, put in place of $out and $stride in a copy of the block's
 * layers, and these are read in turn. Names in a block are its own; outside they have the name of the use and
 * the number of the repetition in front: stage2.0.conv1. stage2 itself is the output of the last layer. An
 * entry with `when:` false is left out: its name stands for what it would have read.
 *
 * Local function; errors are STATUS_CONFIG with key, line and column, outermost use first. */
#ifndef APP_CONFIG_MODEL_EXPAND_H
#define APP_CONFIG_MODEL_EXPAND_H

#include "app/config/model/option_graph.h"

/* Reads one entry without parameters and blocks. */
typedef enum status expand_read(const struct option_graph *graph, const struct yaml_node *node,
                                struct layer_spec *layer);

/* Fills model->layers. `blocks` is the assignment of model.blocks, or NULL; *uses_blocks whether any block is
 * used. An unused block is an error if it was assigned at the same level as the layers. */
enum status expand_layers(const struct setting *layers, const struct setting *blocks, expand_read *read,
                          struct model_spec *model, bool *uses_blocks);

#endif
