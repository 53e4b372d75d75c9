/* model.h - a stack of layers over flat vectors.
 *
 * A model is built once from a spec, for a greatest number of lanes; it owns one arena with every activation,
 * saved state and scratch block, so passes allocate nothing. Parameters live outside (in a window shared by
 * the ranks of a node) as one flat vector; every tensor starts at a multiple of 16 floats and the gaps are
 * zero and stay zero. All functions are local. */
#ifndef NN_MODEL_H
#define NN_MODEL_H

#include "nn/layers/layer.h"

#define MODEL_MAX_LAYERS 64

struct layer_spec {
    const struct layer_ops *ops;
    double args[ARG_MAX]; /* complete: defaults filled in */
};

struct model_spec {
    struct shape input;
    int layer_count;
    struct layer_spec layers[MODEL_MAX_LAYERS];
};

struct model;

/* `lanes`: of one virtual rank, a multiple of 16; `most`: virtual ranks that could run side by side in one pass. How many it is
 * best to take, a power of two, is the model's choice (model_leaves). Errors: STATUS_CONFIG naming the layer whose input does
 * not fit. */
enum status model_create(struct model **out, const struct model_spec *spec, int64_t lanes, int64_t most);
void model_destroy(struct model **m);

/* Writes PyTorch's default initial values (uniform +-1/sqrt(fan_in), torch.nn.Linear and Conv2d) into
 * params[model_param_floats], a pure function of the seed. */
void model_init_params(const struct model *m, uint64_t seed, float *params);

/* The input buffer [F][N] that the caller fills before forward. */
float *model_input(struct model *m);

/* Runs all layers; returns the logits [K][N], valid until the next forward. */
const float *model_forward(struct model *m, const struct pass *p);

/* The buffer [K][N] that takes the gradient of the loss with respect to the logits. */
float *model_output_grad(struct model *m);

/* After forward and a filled output gradient: writes the gradient of every parameter into
 * p->grads[model_param_floats]. The gaps between tensors are not touched: the caller hands in zeroed memory once. */
void model_backward(struct model *m, const struct pass *p);

/* Repeats a forward pass that went wrong: the first layer whose output is not finite, or NULL if all are. */
const struct layer *model_first_bad(struct model *m, const struct pass *p);

/* Queries. */
int64_t model_param_floats(const struct model *m); /* length of the flat vector, gaps included */
int64_t model_param_count(const struct model *m);  /* parameters without gaps */
size_t model_bytes(const struct model *m);         /* of its arena */
int64_t model_leaves(const struct model *m);       /* virtual ranks of a pass, at most */
struct shape model_output_shape(const struct model *m);
int model_layer_count(const struct model *m);
const struct layer *model_layer(const struct model *m, int index);

#endif
