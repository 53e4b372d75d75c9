/* draws.h - the random numbers of one drawn sample, in the order they are asked for.
 *
 * A sample is a pure function of its number, in integer arithmetic, so its bytes are the same on every
 * machine. Divisions, not shifts, scale what may be negative. */
#ifndef DATA_DRAWN_DRAWS_H
#define DATA_DRAWN_DRAWS_H

#include <stdint.h>

#include "core/rng.h"

struct draws {
    uint64_t seed;
    enum rng_purpose purpose;
    uint64_t sample, next;
    struct rng_words words;
};

static inline uint32_t draws_word(struct draws *d)
{
    if (d->next % 4 == 0) d->words = rng_words(d->seed, d->purpose, d->sample, d->next / 4);
    return d->words.v[d->next++ % 4];
}

/* Uniform in min..max. */
static inline int draws_range(struct draws *d, int min, int max)
{
    return min + (int)((uint64_t)draws_word(d) * (uint64_t)(max - min + 1) >> 32);
}

/* Close to a normal variable with mean 0 and deviation 148: the sum of four bytes, within -510..510. */
static inline int draws_normal(struct draws *d)
{
    uint32_t word = draws_word(d);
    return (int)((word & 255) + (word >> 8 & 255) + (word >> 16 & 255) + (word >> 24)) - 510;
}

#endif
