/* layer.c - what all kinds of layers share. */
#include "nn/layers/layer.h"

#include <string.h>

#include "core/mem.h"

int64_t tensor_count(const struct tensor *t)
{
    int64_t count = 1;
    for (int d = 0; d < t->rank; d++) count *= t->dims[d];
    return count;
}

enum status layer_add_tensor(struct layer *l, const struct tensor *tensor)
{
    struct tensor *all;
    TRY(mem_alloc(&all, (size_t)l->tensor_count + 1, sizeof *all, "tensors of a layer"));
    if (l->tensor_count > 0) memcpy(all, l->tensors, (size_t)l->tensor_count * sizeof *all);
    all[l->tensor_count++] = *tensor;
    mem_free(&l->tensors);
    l->tensors = all;
    return STATUS_OK;
}

int layer_own_tensors(const struct layer *l)
{
    return l->shared ? 0 : l->tensor_count;
}

enum status layer_plan(struct layer *l)
{
    TRY(l->ops->plan(l));
    if (l->ops->measure) l->ops->measure(l);
    return STATUS_OK;
}

void layer_free(struct layer *l)
{
    mem_free(&l->tensors);
    l->tensor_count = 0;
}

int64_t layer_totals(const struct layer *l)
{
    return l->ops->totals ? l->ops->totals(l) : 0;
}

enum status layer_plan_same(struct layer *l)
{
    l->out = l->in[0];
    return STATUS_OK;
}

enum status layer_plan_equal(struct layer *l)
{
    l->out = l->in[0];
    for (int i = 1; i < l->input_count; i++) {
        char first[SHAPE_TEXT], other[SHAPE_TEXT];
        if (shape_equal(l->in[i], l->in[0])) continue;
        shape_text(l->in[0], first);
        shape_text(l->in[i], other);
        return status_fail(STATUS_CONFIG,
                           "input 1 has shape %s but input %d has shape %s; they must be equal", first, i + 1,
                           other);
    }
    return STATUS_OK;
}
