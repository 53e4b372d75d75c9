/* model.h - a network over flat vectors: graph, memory and passes in one.
 *
 * A model is built once from a spec, for a greatest number of lanes; it owns one arena with every
 * activation, gradient, saved state and scratch block, so passes allocate nothing. Parameters live outside
 * (in a window shared by the ranks of a node) as one flat vector; every tensor starts at a multiple of 16
 * floats, and the gaps are zero and stay zero. All functions are local. */
#ifndef NN_MODEL_H
#define NN_MODEL_H

#include "nn/graph.h"

struct model;

struct model_options {
    const struct kernels *kernels;
    int64_t lanes;      /* of one virtual rank: its samples, at most */
    int64_t max_leaves; /* virtual ranks that could run side by side in one pass; how many it is best to take,
                           a power of two, is the model's choice (model_leaves) */
    bool training;      /* false: forward passes only, in less memory */
};

/* Errors: STATUS_CONFIG naming the layer whose input does not fit; STATUS_OTHER, memory. */
enum status model_create(struct model **out, const struct model_spec *spec,
                         const struct model_options *options);
void model_destroy(struct model **m);

/* Bytes of a rank's passes, and floats of the flat vector. */
struct model_memory {
    size_t training;   /* activations, their gradients, saved state and scratch of a training pass */
    size_t evaluation; /* of a forward pass alone */
    int64_t param_floats;
    int64_t leaves, totals; /* model_leaves, model_totals */
};

/* What a model would need, without allocating it. Errors: as model_create. */
enum status model_measure(struct model_memory *memory, const struct model_spec *spec,
                          const struct model_options *options);

/* Finds the shape of the outputs without building the model. Errors: as model_create. */
enum status model_find_output(struct shape *output, const struct model_spec *spec,
                              const struct model_options *options);

/* Writes PyTorch's default initial values (uniform +-1/sqrt(fan_in), torch.nn.Linear and Conv2d; constants
 * of norms) into params[model_param_floats], a pure function of the seed. */
void model_init_params(const struct model *m, uint64_t seed, float *params);

/* The input buffer [F][N] that the caller fills before forward. */
float *model_input(struct model *m);

/* Runs all layers; returns the outputs [K][N], valid until the next forward. */
const float *model_forward(struct model *m, const struct pass *p);

/* The same for a training pass of a model whose layers need sums over the global batch (model_totals), in
 * parts: *stage is where it is, 0 at first. Returns 0 when it is done, and the outputs are there
 * (model_outputs); or the number of sums that the next layer needs, after writing p->records: add them over
 * the global batch and call again with p->totals. */
int64_t model_forward_part(struct model *m, struct pass *p, int *stage);
const float *model_outputs(struct model *m, const struct pass *p);

/* The buffer [K][N] that takes the gradient of the loss with respect to the outputs. */
float *model_output_grad(struct model *m);

/* After forward with p->training and a filled output gradient: writes the gradient of every parameter into
 * p->grads[model_param_floats]. The gaps between tensors are not touched: the caller hands in zeroed memory
 * once. */
void model_backward(struct model *m, const struct pass *p);

/* The same in parts; *stage is model_last_stage at first. */
int64_t model_backward_part(struct model *m, struct pass *p, int *stage);
int model_last_stage(const struct model *m);

/* Repeats a forward pass that went wrong: the first layer whose output is not finite, or NULL if all are. */
const struct layer *model_first_bad(struct model *m, const struct pass *p);

/* Queries. */
int64_t model_param_floats(const struct model *m); /* length of the flat vector, gaps included */
int64_t model_param_count(const struct model *m);  /* without gaps and statistics */
size_t model_bytes(const struct model *m);         /* of its arena */
int64_t model_leaves(const struct model *m);       /* virtual ranks of a pass, at most */
int64_t model_totals(const struct model *m);     /* sums over the global batch that a layer needs, at most */
double model_clip_logits(const struct model *m); /* 0 = outputs are not limited */
struct shape model_input_shape(const struct model *m);
struct shape model_output_shape(const struct model *m);
bool model_uses_blas(const struct model *m); /* whether any layer does */
int model_layer_count(const struct model *m);
const struct layer *model_layer(const struct model *m, int index);

#endif
