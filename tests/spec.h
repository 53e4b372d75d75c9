/* spec.h - builds model specs in tests. */
#ifndef SPEC_H
#define SPEC_H

#include "nn/model.h"
#include "kernels.h"

/* Appends a layer with its first two arguments; 0 leaves the default. */
static inline void spec_add(struct model_spec *spec, const char *name, double first, double second)
{
    struct layer_spec *l = &spec->layers[spec->layer_count++];
    l->ops = layer_find(name);
    arg_defaults(l->ops->args, l->args);
    if (first != 0) arg_set(l->ops->args, 0, first, l->args);
    if (second != 0) arg_set(l->ops->args, 1, second, l->args);
}

/* Gives an argument of the last layer a value, along all its axes. */
static inline void spec_set(struct model_spec *spec, const char *arg, double value)
{
    struct layer_spec *l = &spec->layers[spec->layer_count - 1];
    arg_set(l->ops->args, arg_find(l->ops->args, arg), value, l->args);
}

/* Makes the last layer read these values (0: the input, i + 1: the output of layer i) and not the one before.
 */
static inline void spec_from(struct model_spec *spec, int count, const int *values)
{
    struct layer_spec *l = &spec->layers[spec->layer_count - 1];
    l->input_count = count;
    for (int i = 0; i < count; i++) l->inputs[i] = (int16_t)values[i];
}

/* A model that trains, for passes of up to max_leaves virtual ranks of `lanes` lanes. */
static inline enum status spec_model(struct model **m, const struct model_spec *spec, int64_t lanes,
                                     int64_t max_leaves)
{
    const struct model_options options = {
        .kernels = kernels, .lanes = lanes, .max_leaves = max_leaves, .training = true};
    return model_create(m, spec, &options);
}

#endif
