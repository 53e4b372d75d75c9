/* registry.c - the table of all kinds of augmentation. */
#include "data/augment/augment.h"

#define AUGMENT(name) extern const struct augment_ops augment_##name;
#include "data/augment/list.h"
#undef AUGMENT

#define AUGMENT(name) &augment_##name,
static const struct augment_ops *const registry[] = {
#include "data/augment/list.h"
    NULL};
#undef AUGMENT

const struct data_kind *augment_kind_at(int index)
{
    return registry[index] ? &registry[index]->kind : NULL;
}
