/* mem.h - aligned, zeroed, counted memory.
 *
 * All memory of the program is allocated here, so that tests can check two things: training steps allocate
 * nothing, and everything is freed at exit. Blocks are aligned to 64 bytes (one cache line, one vector of 16
 * floats). The functions may be called from any thread; allocations are counted per thread, because the
 * thread that writes a checkpoint may allocate during steps. */
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

/* Makes room for one more element in an array of `count` elements of `size` bytes, at *array with room for *room: twice as
 * much when it is full, moved, and zeroed behind them. Errors: those of mem_alloc; the array stays as it is. */
enum status mem_grow(void *array, int64_t *room, int64_t count, size_t size, const char *what);

/* Frees *pointer (a pointer to a pointer of any object type) and sets it to NULL. NULL is fine. */
void mem_free(void *pointer);

/* Copies `text`; released with mem_free. Errors: STATUS_OTHER. */
enum status mem_copy_text(char **out, const char *text);

/* Returns the number of allocations of this thread so far, and the number of blocks of all threads that are
 * alive. */
uint64_t mem_allocations(void);
int64_t mem_alive(void);

/* Returns the peak memory of this process in bytes, shared memory included. */
double mem_peak_bytes(void);

/* Returns `count` rounded up to a multiple of 16, one vector of floats. */
static inline int64_t mem_round_floats(int64_t count)
{
    return (count + 15) / 16 * 16;
}

#endif
