/* plan.h - places buffers of known lifetimes in one arena, so that those that are never needed at the same
 * time share memory. Local functions. */
#ifndef NN_PLAN_H
#define NN_PLAN_H

#include <stddef.h>

#include "core/status.h"

/* A buffer that is in use at the times first .. last, both included. */
struct plan_buffer {
    size_t bytes;
    int first, last;
    size_t offset; /* set by plan_place, a multiple of 64 */
};

/* Places all buffers: greatest first, each at the lowest offset where no buffer that is in use at the same
 * time lies. Stores the size of the arena in *bytes. Errors: STATUS_OTHER, memory. */
enum status plan_place(struct plan_buffer *buffers, int count, size_t *bytes);

#endif
