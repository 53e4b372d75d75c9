#include "data/source_ops.h"

#include <stddef.h>

extern const struct source_ops source_demo, source_synthetic, source_h5;

static const struct source_ops *const kinds[] = {
    &source_demo,
    &source_synthetic,
    &source_h5,
    NULL,
};

const struct source_ops *const *source_registry(void)
{
    return kinds;
}
