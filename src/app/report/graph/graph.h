/* graph.h - draws a model: nodes with name, kind, output shape and parameters, and edges from their inputs.
 *
 * A model's values are the nodes of a drawing: 0 is the input, i + 1 the output of layer i. For rank 0; local
 * functions. Private to the app layer. */
#ifndef APP_REPORT_GRAPH_GRAPH_H
#define APP_REPORT_GRAPH_GRAPH_H

#include "core/status.h"
#include "nn/model.h"

/* Fails with STATUS_CONFIG unless the name of the file ends in .svg or .dot. */
enum status graph_check_path(const char *path);

/* Draws the model into a file: .svg is a picture, .dot a text for graphviz. Errors: STATUS_CONFIG for any
 * other name; STATUS_OTHER if the file cannot be written, or memory is short. */
enum status graph_draw(const struct model *model, const char *path);

#endif
