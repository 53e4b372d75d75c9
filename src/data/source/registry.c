/* registry.c - the list of all kinds of sources. */
#include "data/source/ops.h"

#include <stddef.h>

#define SOURCE(name) extern const struct source_ops source_##name;
#include "data/source/list.h"
#undef SOURCE

#define SOURCE(name) &source_##name,
static const struct source_ops *const registry[] = {
#include "data/source/list.h"
    NULL};
#undef SOURCE

const struct source_ops *const *source_registry(void)
{
    return registry;
}
