#include "data/source_ops.h"

#include <stddef.h>

#define SOURCE(name) extern const struct source_ops source_##name;
#include "data/source_list.h"
#undef SOURCE

#define SOURCE(name) &source_##name,
static const struct source_ops *const registry[] = {
#include "data/source_list.h"
    NULL};
#undef SOURCE

const struct source_ops *const *source_registry(void)
{
    return registry;
}
