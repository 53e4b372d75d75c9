/* norm.h - what layers that normalise share. */
#ifndef NN_LAYERS_NORM_NORM_H
#define NN_LAYERS_NORM_NORM_H

#include "nn/layers/layer.h"

/* Adds weight and bias, one for each channel, which begin with 1 and 0. Errors: STATUS_OTHER, memory. */
enum status norm_add_affine(struct layer *l);

/* A sum over leaves that is added as the gradients of other layers are: as a balanced binary tree. The
 * operands come from left to right. */
struct norm_tree {
    float waiting[32];
    int64_t count; /* of operands so far */
    int height;
};
void norm_tree_add(struct norm_tree *t, float operand);

/* Of a power of two of operands. */
float norm_tree_sum(const struct norm_tree *t);

#endif
