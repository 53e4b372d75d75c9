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

/* Run from stage *stage on, forwards from 0, backwards from the last one (passes_last), from output_grad to
 * pass->grads. Return 0 when all stages are done; or the number of sums that stage *stage needs, whose
 * records are written: call again with pass->totals. */
int64_t passes_forward(const struct passes *p, struct pass *pass, int *stage);
int64_t passes_backward(const struct passes *p, struct pass *pass, int *stage);
int passes_last(const struct passes *p);

/* The outputs [K][N] of the last forward pass. */
const float *passes_outputs(const struct passes *p);

/* Repeats a forward pass: the first layer whose output is not finite, or NULL. */
const struct layer *passes_first_bad(const struct passes *p, const struct pass *pass);

#endif
