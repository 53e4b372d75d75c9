/* registry.c - the table of all kinds of layers. */
#include "nn/layers/layer.h"

#include <string.h>

#define LAYER(name) extern const struct layer_ops layer_##name;
#include "nn/layers/list.h"
#undef LAYER

#define LAYER(name) &layer_##name,
static const struct layer_ops *const registry[] = {
#include "nn/layers/list.h"
    NULL};
#undef LAYER

const struct layer_ops *const *layer_registry(void)
{
    return registry;
}

const struct layer_ops *layer_find(const char *name)
{
    for (int i = 0; registry[i]; i++)
        if (strcmp(registry[i]->name, name) == 0) return registry[i];
    return NULL;
}
