/* case_list.c - the list of kernels that are measured. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "bench/case.h"

struct bench_case *case_add(struct case_list *l, const struct bench_case *shape, const char *what)
{
    assert(l->count < BENCH_CASES);
    struct bench_case *c = &l->cases[l->count++];
    *c = *shape;
    c->kernels = l->kernels;
    size_t length = strlen(c->name);
    snprintf(c->name + length, sizeof c->name - length, " %s", what);
    return c;
}

void case_add_plain(struct case_list *l, struct bench_case shape, void (*run)(const struct bench_case *c),
                    const char *name, int64_t read, int64_t written)
{
    struct bench_case *c = case_add(l, &shape, name);
    memmove(c->name, c->name + 1, strlen(c->name)); /* no shape stands before it */
    c->run = run;
    c->read = read;
    c->written = written;
}
