/* order.h - the sample order of an epoch: a keyed permutation without a table.
 *
 * A balanced Feistel network over the smallest even number of bits that holds `samples`, its round keys
 * drawn from (seed, epoch), walked until the value falls below `samples` (cycle walking; Black and
 * Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002). It depends on neither rank nor P. */
#ifndef DATA_ORDER_H
#define DATA_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#define ORDER_ROUNDS 8

struct order {
    uint64_t samples;
    unsigned half_bits;
    bool shuffle;
    uint32_t keys[ORDER_ROUNDS];
};

struct order order_make(uint64_t seed, uint64_t epoch, int64_t samples, bool shuffle);

/* The sample at a position; both in 0 .. samples-1. A bijection. */
int64_t order_at(const struct order *o, int64_t position);

#endif
