/* conv_side.c - one convolution of the program's kernels, for a process that measures it beside another library's
 * (convolutions.py, which compiles this file into a library of its own). */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/system/clock.h"
#include "math/blas.h"
#include "bench/case.h"

struct conv_side {
    struct bench_case cases[3]; /* forward, data gradient, weight gradient */
    float *memory;
};

/* x, y, weights and scratch of one product, one behind the other. */
static int64_t conv_side_place(struct bench_case *c, float *memory)
{
    int64_t sizes[] = {c->x_floats, c->y_floats, c->weight_floats, c->scratch_floats}, used = 0;
    float **parts[] = {&c->x, &c->y, &c->weight, &c->scratch};
    for (int i = 0; i < 4; i++) {
        if (memory) *parts[i] = memory + used;
        used += mem_round_floats(sizes[i]);
    }
    return used;
}

/* Opens a convolution with zero padding that keeps no state; NULL when memory is short. `size` and `kernel` are depth,
 * height and width; an axis of size 1 does not slide. Numbers stay small, so none is subnormal or overflows. */
struct conv_side *conv_side_open(int64_t in, int64_t out, int64_t groups, const int64_t *size,
                                 const int64_t *kernel, int64_t stride, int64_t padding, int64_t samples);
struct conv_side *conv_side_open(int64_t in, int64_t out, int64_t groups, const int64_t *size,
                                 const int64_t *kernel, int64_t stride, int64_t padding, int64_t samples)
{
    struct case_conv shape = {"side", in, out, groups, {1, 1, 1}, {1, 1, 1}, stride, 1, padding};
    struct conv_side *s = calloc(1, sizeof *s);
    struct case_list list = {.cases = s ? s->cases : NULL};
    if (!s || kernels_select(&list.kernels, "auto") != STATUS_OK) return free(s), NULL;
    blas_start(); /* one thread */
    memcpy(shape.size, size, sizeof shape.size);
    memcpy(shape.kernel, kernel, sizeof shape.kernel);
    struct window w = case_window(&shape);
    w.lanes = samples;
    case_add_conv(&list, shape.name, &w, out, false);
    int64_t floats = conv_side_place(&s->cases[0], NULL);
    if (mem_alloc(&s->memory, (size_t)floats, sizeof(float), "a convolution") != STATUS_OK)
        return free(s), NULL;
    for (int64_t i = 0; i < floats; i++) s->memory[i] = (float)(i % 17 - 8) / 64;
    for (int i = 0; i < 3; i++) conv_side_place(&s->cases[i], s->memory);
    return s;
}

/* Seconds that `calls` calls take: of the forward pass, the data gradient or the weight gradient (0, 1, 2). */
double conv_side_run(struct conv_side *s, int product, int64_t calls);
double conv_side_run(struct conv_side *s, int product, int64_t calls)
{
    double start = clock_seconds();
    for (int64_t i = 0; i < calls; i++) s->cases[product].run(&s->cases[product]);
    return clock_seconds() - start;
}

void conv_side_close(struct conv_side *s);
void conv_side_close(struct conv_side *s)
{
    mem_free(&s->memory);
    free(s);
}
