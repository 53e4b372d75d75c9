/* order.h - the sample order of an epoch: a keyed permutation without a table.
 *
 * A balanced Feistel network over the smallest even number of bits that holds `samples`, its round keys
 * drawn from (seed, epoch), walked until the value falls below `samples` (cycle walking; Black and
 * Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002). It depends on neither rank nor P.
 *
 * Samples may also be drawn with replacement, as often as their weights say (torch's WeightedRandomSampler): each
 * position has a random number of its own, so nothing has to be remembered.
 *
 * For samples that stay in their file there is another order, by blocks and windows: blocks of consecutive
 * samples are permuted, `window` blocks that follow each other then form a window, and the samples of a window
 * are permuted among themselves. The last block may be shorter, and so may the last window. */
#ifndef DATA_ORDER_H
#define DATA_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#define ORDER_ROUNDS 8

/* A permutation of 0 .. count-1. */
struct order_keys {
    uint64_t count;
    unsigned half_bits;
    uint32_t of[ORDER_ROUNDS];
};

struct order {
    int64_t samples;
    bool shuffle;
    uint64_t seed, epoch;
    int64_t block, window;  /* samples of a block, blocks of a window; 0 = one permutation of all samples */
    struct order_keys keys; /* of the samples, or of the blocks */
    int64_t short_place;    /* where the last block stands */
    int64_t missing;        /* samples that it has fewer than the others */
    const uint64_t *ends;   /* [samples]: sums of the weights, where samples are drawn; or NULL */
};

struct order order_make(uint64_t seed, uint64_t epoch, int64_t samples, bool shuffle);
struct order order_make_windows(uint64_t seed, uint64_t epoch, int64_t samples, bool shuffle, int64_t block,
                                int64_t window);

/* As many draws with replacement; `ends` [samples] never fall, the last one is above 0; it is borrowed. */
struct order order_make_draws(uint64_t seed, uint64_t epoch, int64_t samples, const uint64_t *ends);

/* The sample at a position; both in 0 .. samples-1. A bijection, unless they are drawn. */
int64_t order_at(const struct order *o, int64_t position);

/* Whether two orders are the same. */
bool order_equal(const struct order *a, const struct order *b);

/* Of an order with windows: the window of a position, the number of windows, the block that stands at a place
 * of the permuted blocks, and the place of a block. */
int64_t order_window_of(const struct order *o, int64_t position);
int64_t order_windows(const struct order *o);
int64_t order_blocks(const struct order *o);
int64_t order_block_at(const struct order *o, int64_t place);
int64_t order_place_of(const struct order *o, int64_t block);

#endif
