/* unzip.h - the libzip door: members of a zip file, stored or deflated, read in order.
 *
 * Local functions. Errors: STATUS_DATA with the name of the file. */
#ifndef IO_ARCHIVE_UNZIP_H
#define IO_ARCHIVE_UNZIP_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

struct unzip;

/* Returns the version of libzip. */
const char *unzip_version(void);

enum status unzip_open(struct unzip **out, const char *path);
void unzip_close(struct unzip **z);

int64_t unzip_count(struct unzip *z);
const char *unzip_name(struct unzip *z, int64_t member); /* "" if it has none */
int64_t unzip_find(struct unzip *z, const char *name);   /* -1 = there is none */

/* Returns the length of a member. Errors: when it is encrypted or compressed in another way, and when so much cannot come
 * out of the bytes that there are of it. */
enum status unzip_bytes(struct unzip *z, int64_t member, int64_t *bytes);

/* Goes to a place in a member, reads the bytes that follow, and stops; when the whole member was read, its checksum is
 * verified. */
enum status unzip_begin(struct unzip *z, int64_t member, int64_t offset);
enum status unzip_read(struct unzip *z, void *out, size_t bytes);
enum status unzip_end(struct unzip *z);

#endif
