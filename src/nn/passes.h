/* passes.h - runs the stages of a model forward and backward over memory that was laid out once. No
 * allocation in a pass. Private to the model; local functions. */
#ifndef NN_PASSES_H
#define NN_PASSES_H

#include "nn/layout.h"

struct passes {
    struct stages stages;
    struct layout layout;
    float clip;         /* outputs are limited to -clip .. clip; 0 = not */
    float *output;      /* of the last stage, limited or not */
    float *clipped;     /* or NULL */
    float *output_grad; /* NULL without training */
    const float **x;    /* [edges] */
    float **dx, **sum;  /* [edges]: NULL where there is none */
    float **y, **dy;    /* [stages] */
    float *shared; /* the gradient that later users of a layer's parameters have left; NULL if none has */
};

/* For training, or for forward passes alone. Errors: STATUS_OTHER, memory. */
enum status passes_init(struct passes *p, const struct graph *g, int64_t lanes, bool training, double clip);
void passes_free(struct passes *p);

/* Bytes of the arena; and hands over one, beside the model's input. */
size_t passes_bytes(const struct passes *p);
void passes_place(struct passes *p, const float *input, char *arena);

/* The outputs [K][N]. */
const float *passes_forward(const struct passes *p, const struct pass *pass);

/* From output_grad to pass->grads. */
void passes_backward(const struct passes *p, const struct pass *pass);

/* Repeats a forward pass: the first layer whose output is not finite, or NULL. */
const struct layer *passes_first_bad(const struct passes *p, const struct pass *pass);

#endif
