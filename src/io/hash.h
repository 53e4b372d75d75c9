/* hash.h - a streaming 64-bit fingerprint: XXH64 with seed 0, the same as the xxhsum program's and Python's
 * xxhash.
 *
 * For telling whether two sets of bytes are equal, not against malice. Local functions. */
#ifndef IO_HASH_H
#define IO_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash {
    uint64_t state[11];
};

void hash_begin(struct hash *h);
void hash_add(struct hash *h, const void *data, size_t bytes);
uint64_t hash_end(const struct hash *h); /* of all bytes added so far */

/* Returns the version of xxHash that the program was built with. */
const char *hash_version(void);

#endif
