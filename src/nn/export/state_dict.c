/* state_dict.c - what PyTorch calls the tensors of a model. */
#include "nn/export/state_dict.h"

#include <stdio.h>

void state_dict_layer_name(const struct layer *l, char name[STATE_DICT_NAME])
{
    if (l->name)
        snprintf(name, STATE_DICT_NAME, "%.63s", l->name);
    else
        snprintf(name, STATE_DICT_NAME, "%0*d_%.40s", l->index_digits, l->index, l->ops->name);
}

void state_dict_name(const struct layer *l, const char *tensor, char name[STATE_DICT_NAME])
{
    char layer[STATE_DICT_NAME];
    state_dict_layer_name(l, layer);
    snprintf(name, STATE_DICT_NAME, "%.63s.%.20s", layer, tensor);
}

bool state_dict_counts_batches(const struct layer *l)
{
    for (int k = 0; k < l->tensor_count; k++)
        if (l->tensors[k].role == TENSOR_STATISTIC) return true;
    return false;
}
