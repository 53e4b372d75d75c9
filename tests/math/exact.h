/* exact.h - arrays without a float to spare, so that AddressSanitizer sees any access behind them, and
 * samples beside different numbers of others. */
#ifndef EXACT_H
#define EXACT_H

#include <stdlib.h>

#include "vectors.h"

/* Numbers of samples: those of a dense activation, and two of a padded one. */
static const int64_t sample_counts[] = {1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 32, 33};
#define SAMPLE_COUNTS (int)(sizeof sample_counts / sizeof sample_counts[0])

static inline void *exact_bytes(size_t bytes)
{
    void *block = NULL;
    CHECK(posix_memalign(&block, 64, bytes ? bytes : 1) == 0);
    return block;
}

/* As vector(); free() releases them. */
static inline float *exact_vector(int64_t count, uint64_t stream)
{
    float *v = exact_bytes((size_t)count * sizeof *v);
    for (int64_t i = 0; i < count; i++)
        v[i] = stream ? 2 * rng_unit(rng_words(1, RNG_SYNTHETIC, stream, (uint64_t)i).v[0]) - 1 : 0;
    return v;
}

/* The first lanes of x [rows][lanes], or zeros behind them: [rows][to_lanes]. free() releases it. */
static inline float *with_lanes(const float *x, int64_t rows, int64_t lanes, int64_t to_lanes)
{
    float *to = exact_bytes((size_t)(rows * to_lanes) * sizeof *to);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t n = 0; n < to_lanes; n++) to[r * to_lanes + n] = n < lanes ? x[r * lanes + n] : 0;
    return to;
}

/* Whether the lanes that both have are the same bit by bit. */
static inline int same_lanes(const float *a, int64_t a_lanes, const float *b, int64_t b_lanes, int64_t rows)
{
    int64_t lanes = a_lanes < b_lanes ? a_lanes : b_lanes;
    for (int64_t r = 0; r < rows; r++)
        if (!same(a + r * a_lanes, b + r * b_lanes, lanes)) return 0;
    return 1;
}

#endif
