/* rng.c - counter-based random numbers. */
#include "core/rng.h"

#include "core/philox.h"

struct rng_words rng_words(uint64_t seed, enum rng_purpose purpose, uint64_t a, uint64_t b)
{
    philox4x32_ctr_t counter = {{(uint32_t)a, (uint32_t)(a >> 32), (uint32_t)b, (uint32_t)(b >> 32)}};
    philox4x32_ctr_t out = philox4x32(counter, philox_key(seed, (uint32_t)purpose));
    return (struct rng_words){{out.v[0], out.v[1], out.v[2], out.v[3]}};
}
