/* graph.h - a network as its user describes it, and the layers and values that follow from that.
 *
 * The order of the layers is a topological order: a layer reads earlier values only, so there are no cycles.
 * Values are numbered: 0 is the input, i + 1 the output of layer i. Local functions. */
#ifndef NN_GRAPH_H
#define NN_GRAPH_H

#include "core/pattern.h"
#include "nn/layers/layer.h"

#define MODEL_MAX_LAYERS 1024
#define LAYER_NAME       64

struct layer_spec {
    const struct layer_ops *ops;
    double args[ARG_MAX];             /* complete: defaults filled in */
    char name[LAYER_NAME];            /* as other layers refer to it; "" = none */
    int input_count;                  /* 0 = one, the value before */
    int16_t inputs[LAYER_MAX_INPUTS]; /* [input_count]: values */
    int share;                        /* a layer whose parameters it uses, plus 1; 0 = it has its own */
    struct init init, bias_init;      /* of the tensors weight and bias; no ops = the model's */
};

struct model_spec {
    struct shape input;
    struct patterns freeze; /* of names of parameters that are not trained */
    double clip_logits;     /* outputs are limited to -clip_logits .. clip_logits; 0 = not */
    struct init init;       /* of the weights of convolutions and linear layers; no ops = PyTorch's default */
    struct init bias_init;  /* of their biases */
    int layer_count;
    struct layer_spec layers[MODEL_MAX_LAYERS];
};

/* The values that layer `index` reads, in inputs[LAYER_MAX_INPUTS]; returns their number. */
int layer_spec_inputs(const struct model_spec *spec, int index, int inputs[LAYER_MAX_INPUTS]);

struct graph {
    int layer_count;
    struct layer *layers;       /* [layer_count]; names borrowed from the spec are copied into `names` */
    char (*names)[LAYER_NAME];  /* [layer_count] */
    int *inputs;                /* of all layers, one after another */
    struct shape *input_shapes; /* parallel to `inputs` */
    int edge_count;             /* length of both */
    struct shape *shapes;       /* [layer_count + 1]: of the values */
    bool shares;                /* some layers use the parameters of others */
    int64_t param_floats;       /* length of the flat vector, gaps included */
    int64_t param_count;        /* parameters, without gaps and statistics */
};

/* Plans every layer for passes of `lanes` lanes in `leaves` virtual ranks. Errors: STATUS_CONFIG naming the
 * layer whose inputs do not fit or whose output no layer reads; STATUS_OTHER, memory. */
enum status graph_init(struct graph *g, const struct model_spec *spec, const struct kernels *kernels,
                       int64_t lanes, int64_t leaves);
void graph_free(struct graph *g);

#endif
