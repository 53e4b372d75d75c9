/* case.h - a kernel with its shape and operands, ready to run. */
#ifndef BENCH_CASE_H
#define BENCH_CASE_H

#include <stdbool.h>

#include "math/kernels.h"

struct bench_case {
    const struct kernels *kernels;
    char name[64];
    void (*run)(const struct bench_case *c);
    double flops;
    int64_t read, written; /* bytes */
    int64_t m, n, k;       /* the product with the same arithmetic, 0 if there is none */
    union {
        struct window window;
        struct pool pool;
        struct upsample upsample;
        struct pad pad;
        struct rows rows;
        struct linear linear;
        int64_t count;
    };
    /* Sizes in floats of input, output, weights and scratch. */
    int64_t x_floats, y_floats, weight_floats, scratch_floats;
    float *x, *y, *weight, *scratch;
};

#define BENCH_CASES 320
#define BENCH_LANES 64 /* of the cases that are not about lanes */

struct case_list {
    const struct kernels *kernels;
    struct bench_case *cases; /* [BENCH_CASES] */
    int count;
};

/* Adds a copy of `shape` under a name that ends with `what`. */
struct bench_case *case_add(struct case_list *l, const struct bench_case *shape, const char *what);

/* Adds a kernel without arithmetic to speak of, which reads and writes this number of bytes. */
void case_add_plain(struct case_list *l, struct bench_case shape, void (*run)(const struct bench_case *c),
                    const char *name, int64_t read, int64_t written);

/* case_products.c. Forward Y [out][columns] = W [out][patch] X; one gradient undoes it for X, the other for W. */
void case_add_products(struct case_list *l, struct bench_case *shape, int64_t out, int64_t patch,
                       int64_t columns, void (*const run[3])(const struct bench_case *c), bool is_first);

/* A convolution by its sizes; axes of size 1 do not slide. */
struct case_conv {
    const char *name;
    int64_t in, out, groups;
    int64_t size[SHAPE_AXES], kernel[SHAPE_AXES], stride, dilation, padding;
};
struct window case_window(const struct case_conv *c);

/* Adds the three products of a convolution whose window has all but `out` and `leaves`, under its name. The first
 * one of a network needs no data gradient. */
void case_add_conv(struct case_list *l, const char *name, const struct window *window, int64_t out,
                   bool is_first);

/* case_few.c, case_spatial.c, case_norms.c */
void case_add_few(struct case_list *l);
void case_add_spatial(struct case_list *l);
void case_add_norms(struct case_list *l);

/* Fills `cases` with all cases of these kernels, without memory, and returns their number. */
int bench_case_list(const struct kernels *kernels, struct bench_case cases[BENCH_CASES]);

#endif
