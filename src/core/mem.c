/* mem.c - aligned, counted memory. */
#include "core/mem.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

static _Thread_local uint64_t allocations;
static atomic_int_fast64_t alive;

#define HUGE_BYTES ((size_t)2 << 20) /* of a huge page, on most machines */

/* Asks for huge pages: convolutions of many samples touch hundreds of pages between two uses of one, more than the
 * processor remembers. Only for those that lie whole within the block, so none is paid for in vain. Where the system
 * has none to give, nothing changes. */
static void mem_use_huge_pages(void *block, size_t bytes)
{
    size_t skip = -(uintptr_t)block % HUGE_BYTES;
#ifdef MADV_HUGEPAGE
    if (bytes >= skip + HUGE_BYTES)
        madvise((char *)block + skip, (bytes - skip) / HUGE_BYTES * HUGE_BYTES, MADV_HUGEPAGE);
#else
    (void)bytes, (void)skip;
#endif
}

enum status mem_alloc(void *out, size_t count, size_t size, const char *what)
{
    void *block = NULL;
    memcpy(out, &block, sizeof block);
    if (count == 0 || size == 0) return STATUS_OK;

    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX - MEM_ALIGN)
        return status_fail(STATUS_OTHER, "%s: %zu x %zu bytes are more than a machine can have", what, count,
                           size);
    size_t rounded = (bytes + MEM_ALIGN - 1) / MEM_ALIGN * MEM_ALIGN;
    block = aligned_alloc(MEM_ALIGN, rounded);
    if (!block)
        return status_fail(STATUS_OTHER, "%s: out of memory (%zu bytes); use a smaller batch or fewer ranks",
                           what, bytes);
    mem_use_huge_pages(block, rounded);
    memset(block, 0, rounded);
    memcpy(out, &block, sizeof block);
    allocations++;
    atomic_fetch_add(&alive, 1);
    return STATUS_OK;
}

enum status mem_grow(void *array, int64_t *room, int64_t count, size_t size, const char *what)
{
    void *more, *old;
    if (count < *room) return STATUS_OK;
    int64_t wanted = *room ? 2 * *room : 16;
    TRY(mem_alloc(&more, (size_t)wanted, size, what));
    memcpy(&old, array, sizeof old);
    if (count) memcpy(more, old, (size_t)count * size);
    mem_free(&old);
    memcpy(array, &more, sizeof more);
    *room = wanted;
    return STATUS_OK;
}

void mem_free(void *pointer)
{
    void *block;
    memcpy(&block, pointer, sizeof block);
    if (block) atomic_fetch_sub(&alive, 1);
    free(block);
    block = NULL;
    memcpy(pointer, &block, sizeof block);
}

enum status mem_copy_text(char **out, const char *text)
{
    size_t bytes = strlen(text) + 1;
    TRY(mem_alloc(out, bytes, 1, "text"));
    memcpy(*out, text, bytes);
    return STATUS_OK;
}

uint64_t mem_allocations(void)
{
    return allocations;
}

double mem_peak_bytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss * 1024;
}

int64_t mem_alive(void)
{
    return atomic_load(&alive);
}
