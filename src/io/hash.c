/* hash.c - XXH64 of a stream of bytes. */
#include "io/hash.h"

#include <string.h>

#define XXH_STATIC_LINKING_ONLY /* makes the state's size known */
#include <xxhash.h>

_Static_assert(sizeof(XXH64_state_t) == sizeof(struct hash), "struct hash holds XXH64's state");

void hash_begin(struct hash *h)
{
    XXH64_state_t state;
    memset(&state, 0, sizeof state); /* reset leaves reserved fields alone */
    XXH64_reset(&state, 0);
    memcpy(h, &state, sizeof state);
}

void hash_add(struct hash *h, const void *data, size_t bytes)
{
    XXH64_state_t state;
    memcpy(&state, h, sizeof state);
    XXH64_update(&state, data, bytes);
    memcpy(h, &state, sizeof state);
}

uint64_t hash_end(const struct hash *h)
{
    XXH64_state_t state;
    memcpy(&state, h, sizeof state);
    return XXH64_digest(&state);
}

#define HASH_TEXT(number)                   #number
#define HASH_VERSION(major, minor, release) HASH_TEXT(major) "." HASH_TEXT(minor) "." HASH_TEXT(release)

const char *hash_version(void)
{
    return HASH_VERSION(XXH_VERSION_MAJOR, XXH_VERSION_MINOR, XXH_VERSION_RELEASE);
}
