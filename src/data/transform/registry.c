/* registry.c - the table of all kinds of transforms. */
#include "data/transform/transform.h"

#define TRANSFORM(name) extern const struct transform_ops transform_##name;
#include "data/transform/list.h"
#undef TRANSFORM

#define TRANSFORM(name) &transform_##name,
static const struct transform_ops *const registry[] = {
#include "data/transform/list.h"
    NULL};
#undef TRANSFORM

const struct data_kind *transform_kind_at(int index)
{
    return registry[index] ? &registry[index]->kind : NULL;
}
