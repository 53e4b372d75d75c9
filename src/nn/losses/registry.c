/* registry.c - the table of all losses. */
#include "nn/losses/loss.h"

#include <string.h>

#define LOSS(name) extern const struct loss_ops loss_##name;
#include "nn/losses/list.h"
#undef LOSS

#define LOSS(name) &loss_##name,
static const struct loss_ops *const registry[] = {
#include "nn/losses/list.h"
    NULL};
#undef LOSS

const struct loss_ops *const *loss_registry(void)
{
    return registry;
}

const struct loss_ops *loss_find(const char *name)
{
    for (int i = 0; registry[i]; i++)
        if (strcmp(registry[i]->name, name) == 0) return registry[i];
    return NULL;
}
