/* stages.h - the layers of a graph as they are run: the same values and gradients with less work. Local
 * functions. */
#ifndef NN_STAGES_H
#define NN_STAGES_H

#include "nn/graph.h"

/* What is run, in order. Stages are copies of the graph's layers, and borrow tensors and names from it. */
struct stages {
    int count;
    struct layer *list;         /* [count] */
    int *inputs;                /* as of the graph, but for rewired edges */
    struct shape *input_shapes; /* likewise */
    struct shape *shapes;       /* of the values, likewise */
    int value_count;
    bool training;
    struct tensor (*folded)[2]; /* [layers]: weight and bias of stages that take the map of another one */
};

/* Writes the tensors of a stage with a map to l->saved. */
void stages_fold(const struct layer *l, const struct pass *pass);

/* Copies the layers and arranges them. Errors: STATUS_OTHER, memory. */
enum status stages_init(struct stages *s, const struct graph *g, bool training);
void stages_free(struct stages *s);

#endif
