/* zip.h - writes a zip archive of stored entries, whose bytes begin at multiples of ZIP_ALIGNMENT.
 *
 * For files of PyTorch, whose readers map tensors into memory: neither compression nor times. Entries, and archives, of
 * more than 4 GiB are in the Zip64 format. Local functions; the owner of the FILE checks for write errors (ferror). */
#ifndef IO_ZIP_H
#define IO_ZIP_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/status.h"

#define ZIP_ALIGNMENT 64
#define ZIP_NAME      64

struct zip_entry {
    char name[ZIP_NAME];
    uint64_t bytes, offset; /* offset: of its header */
    uint32_t crc;
};

struct zip {
    FILE *out;
    struct zip_entry *entries; /* [max_entries] */
    size_t count, max_entries;
    uint64_t position; /* bytes written */
};

/* Errors: STATUS_OTHER, memory. Then there is nothing to release. */
enum status zip_begin(struct zip *z, FILE *out, size_t max_entries);
void zip_add(struct zip *z, const char *name, const void *data, size_t bytes);

/* Writes the directory, and releases. */
void zip_end(struct zip *z);

#endif
