/* rng.h - counter-based random numbers: without state, the same on every rank and machine.
 *
 * A number is a pure function of (seed, purpose, a, b): Philox4x32-10 (Salmon et al., "Parallel random
 * numbers: as easy as 1, 2, 3", SC'11; library librandom123) with the key made of seed and purpose and
 * the counter of a and b. Every purpose says what its a and b are, so that two uses never collide. */
#ifndef CORE_RNG_H
#define CORE_RNG_H

#include <stdint.h>

enum rng_purpose {
    RNG_INIT = 1,  /* a: parameter tensor, b: index in the tensor / 4 */
    RNG_ORDER,     /* a: epoch, b: round of the permutation */
    RNG_DROPOUT,   /* a: step and layer, b: feature group and sample position */
    RNG_DEMO,      /* a: sample of the demo data, b: draw / 4 */
    RNG_SYNTHETIC, /* a: sample of the synthetic source, b: feature / 4 */
    RNG_DRAWN,     /* a: sample of a drawn set, b: draw / 4; the seed says which set */
    RNG_AUGMENT,   /* a: epoch, place in data.augment and draw, b: key of the sample (data/augment/augment.h) */
    RNG_DRAWS,     /* a: epoch, b: position in it, where samples are drawn with replacement */
};

/* Returns four independent 32-bit words. */
struct rng_words {
    uint32_t v[4];
};
struct rng_words rng_words(uint64_t seed, enum rng_purpose purpose, uint64_t a, uint64_t b);

/* Returns a word as a float in [0, 1): its upper 24 bits times 2^-24, exact. */
static inline float rng_unit(uint32_t word)
{
    return (float)(word >> 8) * 0x1p-24f;
}

/* Returns a word as a number of the standard normal distribution, of double precision in [-6.3, 6.3], by the
 * inverse of its distribution function. Plain arithmetic: the same bits on every machine. */
double rng_normal(uint32_t word);

#endif
