/* norm.c - what layers that normalise share. */
#include "nn/layers/norm/norm.h"

#include <assert.h>

enum status norm_add_affine(struct layer *l)
{
    int64_t channels = l->in[0].c;
    TRY(layer_add_tensor(l,
                         &(struct tensor){.name = "weight", .dims = {channels}, .rank = 1, .init_value = 1}));
    return layer_add_tensor(l, &(struct tensor){.name = "bias", .dims = {channels}, .rank = 1});
}

void norm_tree_add(struct norm_tree *t, float operand)
{
    for (int64_t done = t->count; done & 1; done >>= 1) operand = t->waiting[--t->height] + operand;
    t->waiting[t->height++] = operand;
    t->count++;
}

float norm_tree_sum(const struct norm_tree *t)
{
    assert(t->height == 1);
    return t->waiting[0];
}
