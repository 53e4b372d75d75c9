/* spatial.h - what layers of any number of axes share that change positions and no values. */
#ifndef NN_LAYERS_SPATIAL_SPATIAL_H
#define NN_LAYERS_SPATIAL_SPATIAL_H

#include "nn/layers/layer.h"

/* Checks an argument for all axes, of `width` values for each from slot `first` on: axes that the input does
 * not have are as unset as by default, or equal to the others. Errors: STATUS_CONFIG. */
static inline enum status spatial_check_axes(const struct layer *l, const char *name, int first, int width,
                                             double default_value)
{
    const double *slots = l->args + first;
    int absent = (SHAPE_AXES - l->in[0].rank) * width;
    for (int i = 0; i < absent; i++)
        if (slots[i] != default_value && slots[i] != slots[SHAPE_AXES * width - 1])
            return status_fail(STATUS_CONFIG, "%s has values for more axes than the %d of its input", name,
                               l->in[0].rank);
    return STATUS_OK;
}

/* Checks that the second of two inputs has as many axes as the first. Errors: STATUS_CONFIG. */
static inline enum status spatial_check_ranks(const struct layer *l)
{
    char first[SHAPE_TEXT], second[SHAPE_TEXT];
    if (l->input_count == 1 || l->in[1].rank == l->in[0].rank) return STATUS_OK;
    shape_text(l->in[0], first);
    shape_text(l->in[1], second);
    return status_fail(STATUS_CONFIG, "input 1 has shape %s but input 2, whose size it takes, has shape %s",
                       first, second);
}

#endif
