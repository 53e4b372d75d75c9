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

static bool layer_is_called(const struct layer_ops *ops, const char *name)
{
    if (strcmp(ops->name, name) == 0) return true;
    for (const char *const *alias = ops->aliases; alias && *alias; alias++)
        if (strcmp(*alias, name) == 0) return true;
    return false;
}

const struct layer_ops *layer_find(const char *name)
{
    for (int i = 0; registry[i]; i++)
        if (layer_is_called(registry[i], name)) return registry[i];
    return NULL;
}
