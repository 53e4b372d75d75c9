/* short_memory.c - preloaded into the program: allocation number SHORT_AT of MPI rank SHORT_RANK fails, all
 * others succeed. Only mem.c of the program calls aligned_alloc with 64; libraries are left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static int is_number(const char *variable, int value)
{
    const char *text = getenv(variable);
    return text && atoi(text) == value;
}

static int of_the_program(const void *caller)
{
    Dl_info info;
    return dladdr(caller, &info) && strstr(info.dli_fname, "ddp_train");
}

void *aligned_alloc(size_t alignment, size_t size)
{
    static atomic_int count;
    static void *(*real)(size_t, size_t);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "aligned_alloc");
    const char *rank = getenv("OMPI_COMM_WORLD_RANK");
    if (alignment == 64 && rank && is_number("SHORT_RANK", atoi(rank)) &&
        of_the_program(__builtin_return_address(0)) && is_number("SHORT_AT", ++count))
        return NULL;
    return real(alignment, size);
}
