/* spec.h - builds model specs in tests. */
#ifndef SPEC_H
#define SPEC_H

#include "nn/model.h"

/* Appends a layer with its first two arguments; 0 leaves the default. */
static inline void spec_add(struct model_spec *spec, const char *name, double first, double second)
{
    struct layer_spec *l = &spec->layers[spec->layer_count++];
    l->ops = layer_find(name);
    arg_defaults(l->ops->args, l->args);
    if (first != 0) l->args[0] = first;
    if (second != 0) l->args[1] = second;
}

#endif
