/* order.c - a keyed permutation by a Feistel network with cycle walking. */
#include "data/order.h"

#include <assert.h>

#include "core/rng.h"

/* Every input bit reaches every output bit (the finalizer of MurmurHash3, Austin Appleby). */
static uint32_t order_mix(uint32_t h)
{
    h ^= h >> 16;
    h *= 0x85EBCA6Bu;
    h ^= h >> 13;
    h *= 0xC2B2AE35u;
    h ^= h >> 16;
    return h;
}

struct order order_make(uint64_t seed, uint64_t epoch, int64_t samples, bool shuffle)
{
    assert(samples > 0);
    struct order o = {.samples = (uint64_t)samples, .half_bits = 1, .shuffle = shuffle};
    while ((uint64_t)1 << (2 * o.half_bits) < o.samples) o.half_bits++;
    for (uint64_t round = 0; round < ORDER_ROUNDS; round += 4) {
        struct rng_words words = rng_words(seed, RNG_ORDER, epoch, round / 4);
        for (int i = 0; i < 4; i++) o.keys[round + (uint64_t)i] = words.v[i];
    }
    return o;
}

/* One pass of the network: a bijection of 0 .. 4^half_bits - 1. */
static uint64_t order_permute(const struct order *o, uint64_t value)
{
    uint64_t mask = ((uint64_t)1 << o->half_bits) - 1;
    uint64_t left = value >> o->half_bits, right = value & mask;
    for (int round = 0; round < ORDER_ROUNDS; round++) {
        uint64_t next = left ^ (order_mix((uint32_t)right ^ o->keys[round]) & mask);
        left = right;
        right = next;
    }
    return left << o->half_bits | right;
}

int64_t order_at(const struct order *o, int64_t position)
{
    assert(position >= 0 && (uint64_t)position < o->samples);
    if (!o->shuffle) return position;
    uint64_t value = (uint64_t)position;
    do value = order_permute(o, value);
    while (value >= o->samples);
    return (int64_t)value;
}
