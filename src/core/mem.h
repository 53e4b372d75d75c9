/* mem.h - aligned, zeroed, counted memory.
 *
 * Every allocation of the program goes through here, so that a test can assert two things: the number of
 * allocations stands still over training steps, and it balances at exit. Blocks are aligned to 64 bytes
 * (one cache line, one vector of 16 floats). The functions may be called from any thread; allocations are counted
 * for each thread, because those that write a checkpoint beside the steps are no part of them. */
#ifndef CORE_MEM_H
#define CORE_MEM_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

#define MEM_ALIGN 64

/* Stores in *out (a pointer to a pointer of any object type) a zeroed block of count * size bytes, or NULL
 * if that is 0 bytes. `what` names the block in the message. Errors: STATUS_OTHER when the product
 * overflows or memory is short. */
enum status mem_alloc(void *out, size_t count, size_t size, const char *what);

/* Frees *pointer (a pointer to a pointer of any object type) and sets it to NULL. NULL is fine. */
void mem_free(void *pointer);

/* A copy of `text` that mem_free releases. */
enum status mem_copy_text(char **out, const char *text);

/* Allocations this thread has made since its start, and blocks of all threads alive now. */
uint64_t mem_allocations(void);
int64_t mem_alive(void);

/* The most memory this process has held at once, shared memory included, in bytes. */
double mem_peak_bytes(void);

/* `count` floats rounded up to whole vectors of 16. */
static inline int64_t mem_round_floats(int64_t count)
{
    return (count + 15) / 16 * 16;
}

#endif
