/* order.c - a keyed permutation by a Feistel network with cycle walking, and draws with replacement. */
#include "data/order.h"

#include <assert.h>

#include "core/rng.h"

__extension__ typedef unsigned __int128 wide;

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

/* `index` tells the permutations of an epoch apart. */
static struct order_keys order_make_keys(uint64_t seed, uint64_t epoch, uint64_t index, uint64_t count)
{
    struct order_keys k = {.count = count, .half_bits = 1};
    while ((uint64_t)1 << (2 * k.half_bits) < k.count) k.half_bits++;
    for (uint64_t round = 0; round < ORDER_ROUNDS; round += 4) {
        struct rng_words words = rng_words(seed, RNG_ORDER, epoch, index * (ORDER_ROUNDS / 4) + round / 4);
        for (int i = 0; i < 4; i++) k.of[round + (uint64_t)i] = words.v[i];
    }
    return k;
}

struct order order_make(uint64_t seed, uint64_t epoch, int64_t samples, bool shuffle)
{
    assert(samples > 0);
    return (struct order){.samples = samples,
                          .shuffle = shuffle,
                          .seed = seed,
                          .epoch = epoch,
                          .keys = order_make_keys(seed, epoch, 0, (uint64_t)samples)};
}

struct order order_make_windows(uint64_t seed, uint64_t epoch, int64_t samples, bool shuffle, int64_t block,
                                int64_t window)
{
    assert(samples > 0 && block > 0 && window > 0);
    struct order o = {.samples = samples,
                      .shuffle = shuffle,
                      .seed = seed,
                      .epoch = epoch,
                      .block = block,
                      .window = window};
    int64_t blocks = order_blocks(&o);
    o.keys = order_make_keys(seed, epoch, 0, (uint64_t)blocks);
    o.short_place = order_place_of(&o, blocks - 1);
    o.missing = blocks * block - samples;
    return o;
}

struct order order_make_draws(uint64_t seed, uint64_t epoch, int64_t samples, const uint64_t *ends)
{
    assert(samples > 0 && ends[samples - 1] > 0);
    return (struct order){.samples = samples, .shuffle = true, .seed = seed, .epoch = epoch, .ends = ends};
}

bool order_equal(const struct order *a, const struct order *b)
{
    return a->samples == b->samples && a->shuffle == b->shuffle && a->seed == b->seed &&
           a->epoch == b->epoch && a->ends == b->ends && a->block == b->block && a->window == b->window;
}

/* One pass of the network: a bijection of 0 .. 4^half_bits - 1. */
static uint64_t order_encrypt(const struct order_keys *k, uint64_t value)
{
    uint64_t mask = ((uint64_t)1 << k->half_bits) - 1;
    uint64_t left = value >> k->half_bits, right = value & mask;
    for (int round = 0; round < ORDER_ROUNDS; round++) {
        uint64_t next = left ^ (order_mix((uint32_t)right ^ k->of[round]) & mask);
        left = right;
        right = next;
    }
    return left << k->half_bits | right;
}

/* Its inverse. */
static uint64_t order_decrypt(const struct order_keys *k, uint64_t value)
{
    uint64_t mask = ((uint64_t)1 << k->half_bits) - 1;
    uint64_t left = value >> k->half_bits, right = value & mask;
    for (int round = ORDER_ROUNDS - 1; round >= 0; round--) {
        uint64_t before = right ^ (order_mix((uint32_t)left ^ k->of[round]) & mask);
        right = left;
        left = before;
    }
    return left << k->half_bits | right;
}

static int64_t order_permute(const struct order_keys *k, int64_t at)
{
    uint64_t value = (uint64_t)at;
    do value = order_encrypt(k, value);
    while (value >= k->count);
    return (int64_t)value;
}

static int64_t order_permute_back(const struct order_keys *k, int64_t at)
{
    uint64_t value = (uint64_t)at;
    do value = order_decrypt(k, value);
    while (value >= k->count);
    return (int64_t)value;
}

int64_t order_blocks(const struct order *o)
{
    return (o->samples + o->block - 1) / o->block;
}

int64_t order_windows(const struct order *o)
{
    return (order_blocks(o) + o->window - 1) / o->window;
}

int64_t order_block_at(const struct order *o, int64_t place)
{
    return o->shuffle ? order_permute(&o->keys, place) : place;
}

int64_t order_place_of(const struct order *o, int64_t block)
{
    return o->shuffle ? order_permute_back(&o->keys, block) : block;
}

/* The samples before a place of the permuted blocks, and the place of the block that holds a position. */
static int64_t order_samples_before(const struct order *o, int64_t place)
{
    int64_t all = place * o->block - (place > o->short_place ? o->missing : 0);
    return all < o->samples ? all : o->samples;
}

static int64_t order_place_at(const struct order *o, int64_t position)
{
    bool before = position < (o->short_place + 1) * o->block - o->missing;
    return (before ? position : position + o->missing) / o->block;
}

int64_t order_window_of(const struct order *o, int64_t position)
{
    return order_place_at(o, position) / o->window;
}

/* Permutes within the window, then finds the block there. */
static int64_t order_at_in_windows(const struct order *o, int64_t position)
{
    int64_t window = order_window_of(o, position), first = order_samples_before(o, window * o->window),
            count = order_samples_before(o, (window + 1) * o->window) - first;
    struct order_keys keys = order_make_keys(o->seed, o->epoch, 1 + (uint64_t)window, (uint64_t)count);
    int64_t at = first + order_permute(&keys, position - first), place = order_place_at(o, at);
    return order_block_at(o, place) * o->block + at - order_samples_before(o, place);
}

/* The first sample whose end is above a random number below the sum of all weights. */
static int64_t order_draw(const struct order *o, int64_t position)
{
    struct rng_words words = rng_words(o->seed, RNG_DRAWS, o->epoch, (uint64_t)position);
    uint64_t random = (uint64_t)words.v[1] << 32 | words.v[0];
    uint64_t at = (uint64_t)((wide)random * o->ends[o->samples - 1] >> 64);
    int64_t low = 0, high = o->samples - 1;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (at < o->ends[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

int64_t order_at(const struct order *o, int64_t position)
{
    assert(position >= 0 && position < o->samples);
    if (o->ends) return order_draw(o, position);
    if (!o->shuffle) return position;
    return o->block ? order_at_in_windows(o, position) : order_permute(&o->keys, position);
}
