/* kernels.h - the kernels that a test computes with. */
#ifndef TEST_KERNELS_H
#define TEST_KERNELS_H

#include "math/kernels.h"

static const struct kernels *kernels;

/* Leaves them as they are where the level is not there. */
static inline enum status select_kernels(const char *level)
{
    const struct kernels *found;
    enum status status = kernels_select(&found, level);
    if (status == STATUS_OK) kernels = found;
    return status;
}

#endif
