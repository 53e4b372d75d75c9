/* gz.h - the zlib door: bytes of a regular file in order, whether it is gzip-compressed or plain.
 *
 * Errors are STATUS_DATA and name the file. Local functions. */
#ifndef IO_GZ_H
#define IO_GZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

struct gz;

/* Returns the version of zlib. */
const char *gz_version(void);

enum status gz_open(struct gz **out, const char *path);
void gz_close(struct gz **g);

/* Returns an upper bound of the bytes: the length of the file, for a compressed one times the maximum
 * ratio of deflate. */
int64_t gz_max_bytes(struct gz *g);

/* Reads exactly `bytes`; a file that ends earlier is truncated. */
enum status gz_read(struct gz *g, void *out, size_t bytes);

/* Reads up to `bytes`, for files without a length in front; *got is 0 only at the end. A compressed file that
 * ends within is an error as well. */
enum status gz_read_some(struct gz *g, void *out, size_t bytes, size_t *got);

/* STATUS_OK if nothing follows and, of a compressed file, the checksum is right. */
enum status gz_expect_end(struct gz *g);

#endif
