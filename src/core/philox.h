/* philox.h - the only include of librandom123, for rng.c and for the vector kernels. */
#ifndef CORE_PHILOX_H
#define CORE_PHILOX_H

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include <Random123/philox.h>
#pragma GCC diagnostic pop

/* The purpose is mixed into the upper key word by a multiplication (Knuth's multiplicative hash), which
 * keeps distinct purposes distinct for every seed. */
static inline philox4x32_key_t philox_key(uint64_t seed, uint32_t purpose)
{
    philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32) ^ (purpose * 0x9E3779B1u)}};
    return key;
}

#endif
