/* vectors.h - inputs of the kernel tests, and how results are compared. */
#ifndef VECTORS_H
#define VECTORS_H

#include <string.h>

#include "check.h"
#include "core/mem.h"
#include "core/rng.h"

#define FLOAT_EPSILON 5.96e-8

/* The levels that kernels_select knows on any machine. The first two have fused multiply-add. */
#define LEVEL_NAMES 4
static const char *const level_names[LEVEL_NAMES] = {"v4", "v3", "v2", "base"};

/* `count` numbers in [-1, 1), others for every stream; zeros for stream 0. mem_free releases them. */
static inline float *vector(int64_t count, uint64_t stream)
{
    float *v;
    CHECK_STATUS(mem_alloc(&v, (size_t)count + 16, sizeof *v, "test"), STATUS_OK);
    for (int64_t i = 0; stream && i < count; i++)
        v[i] = 2 * rng_unit(rng_words(1, RNG_SYNTHETIC, stream, (uint64_t)i).v[0]) - 1;
    return v;
}

/* Bit by bit. */
static inline int same(const float *a, const float *b, int64_t count)
{
    return memcmp(a, b, (size_t)count * sizeof *a) == 0;
}

#endif
