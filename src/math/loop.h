/* loop.h - a plain loop outside of the kernels (a loss, an optimizer, a hash) that is worth wider vectors:
 * written once, compiled for every level, and taken from the same level as the kernels.
 *
 *     LOOP_BODY void scale_body(int64_t count, float *x) { ... }
 *     LOOP_VERSIONS(scale, (int64_t count, float *x), (count, x))
 *     ...
 *     scale[kernels->number](count, x);
 *
 * A loop returns nothing. Its file must be compiled with -ffp-contract=off, which keeps the bits of all
 * levels equal. What the body calls must be inlined, else it is compiled for the lowest level only. */
#ifndef MATH_LOOP_H
#define MATH_LOOP_H

#include "math/kernels.h"

#define LOOP_BODY static inline __attribute__((always_inline))

#if defined(__x86_64__)
#define LOOP_TARGET(level) __attribute__((target("arch=x86-64-" #level)))
#else
#define LOOP_TARGET(level)
#endif

/* The function of one level, name_LEVEL, and its place in the array. */
#define LOOP_VERSION(level, name, parameters, arguments)                                                     \
    LOOP_TARGET(level) static void name##_##level parameters                                                 \
    {                                                                                                        \
        name##_body arguments;                                                                               \
    }
#define LOOP_ENTRY(level, name) name##_##level,

/* Defines name[KERNELS_LEVELS], the versions of name_body. */
#define LOOP_VERSIONS(name, parameters, arguments)                                                           \
    KERNELS_EACH_LEVEL(LOOP_VERSION, name, parameters, arguments)                                            \
    static void(*const name[KERNELS_LEVELS]) parameters = {KERNELS_EACH_LEVEL(LOOP_ENTRY, name)};

#endif
