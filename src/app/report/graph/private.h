/* private.h - what the files that draw a model share. */
#ifndef APP_REPORT_GRAPH_PRIVATE_H
#define APP_REPORT_GRAPH_PRIVATE_H

#include <stdio.h>

#include "app/report/graph/graph.h"

#define GRAPH_TEXT 256

/* What is written in a node. */
struct graph_label {
    char title[GRAPH_TEXT]; /* name, or "" */
    char kind[GRAPH_TEXT];  /* kind and arguments */
    char shape[SHAPE_TEXT]; /* of the output */
    int64_t params;
};
void graph_get_label(const struct model *model, int value, struct graph_label *label);

/* Returns the values that a value is computed from, [*count]; none for the input. */
const int *graph_get_inputs(const struct model *model, int value, int *count);

/* How an edge between two values is drawn. */
enum graph_route {
    ROUTE_DIRECT,        /* between neighbouring levels */
    ROUTE_SOURCE_COLUMN, /* down the column of the source, then to the reader */
    ROUTE_READER_COLUMN, /* first to the column of the reader, then down */
    ROUTE_LANE,          /* down a lane to the right of the source's column, around other nodes */
};

struct graph_edge {
    int source, reader;
    enum graph_route route;
    int lane; /* ROUTE_LANE: number within the gap to the right of the source's column, from 0 */
};

/* Where everything is: every value has a level (row) and a column. */
struct graph_layout {
    int values, levels, columns, edge_count;
    int *level, *column; /* [values] */
    struct graph_edge *edges;
    int *lanes; /* [columns]: lanes to the right of each column */
};

/* Places the values: a level is the longest path from the input, and a chain stays in one column. Errors:
 * STATUS_OTHER, memory; graph_layout_free also after an error. */
enum status graph_layout_init(struct graph_layout *g, const struct model *model);
void graph_layout_free(struct graph_layout *g);

/* Write the drawing. Write errors are found by the owner of the file. */
enum status graph_write_svg(const struct model *model, FILE *out);
void graph_write_dot(const struct model *model, FILE *out);

#endif
