/* zip.c - writes a zip archive (APPNOTE.TXT 6.3.10, sections 4.3 and 4.5). */
#include "io/zip.h"

#include <assert.h>
#include <string.h>
#include <zlib.h>

#include "core/mem.h"

#define LIMIT32    UINT32_MAX /* what is as large or larger is in the Zip64 fields */
#define LIMIT16    UINT16_MAX
#define VERSION    20
#define VERSION64  45
#define FIRST_DAY  33 /* 1 January 1980 */
#define ID_ZIP64   1
#define ID_PADDING 0x4246 /* "FB", as PyTorch's own */

#define LOCAL_BYTES 30
#define EXTRA_BYTES 4 /* head of an extra field */

static void zip_put(struct zip *z, const void *data, size_t bytes)
{
    fwrite(data, 1, bytes, z->out);
    z->position += bytes;
}

/* Numbers are little-endian. */
static void zip_put_number(struct zip *z, uint64_t value, int bytes)
{
    unsigned char text[8];
    for (int i = 0; i < bytes; i++) text[i] = (unsigned char)(value >> (8 * i));
    zip_put(z, text, (size_t)bytes);
}

static uint64_t zip_limit(uint64_t value, uint64_t limit)
{
    return value < limit ? value : limit;
}

/* What local headers and the directory have in common, from the version to the length of the name. */
static void zip_put_facts(struct zip *z, const struct zip_entry *e, bool large)
{
    uint64_t bytes = zip_limit(e->bytes, LIMIT32);
    zip_put_number(z, large ? VERSION64 : VERSION, 2);
    zip_put_number(z, 0, 2); /* flags */
    zip_put_number(z, 0, 2); /* stored */
    zip_put_number(z, 0, 2);
    zip_put_number(z, FIRST_DAY, 2);
    zip_put_number(z, e->crc, 4);
    zip_put_number(z, bytes, 4);
    zip_put_number(z, bytes, 4);
    zip_put_number(z, strlen(e->name), 2);
}

enum status zip_begin(struct zip *z, FILE *out, size_t max_entries)
{
    *z = (struct zip){.out = out, .max_entries = max_entries};
    return mem_alloc(&z->entries, max_entries, sizeof *z->entries, "entries of an archive");
}

void zip_add(struct zip *z, const char *name, const void *data, size_t bytes)
{
    static const char padding[ZIP_ALIGNMENT];
    assert(z->count < z->max_entries && strlen(name) < ZIP_NAME);
    struct zip_entry *e = &z->entries[z->count++];
    *e = (struct zip_entry){.bytes = bytes, .offset = z->position};
    strcpy(e->name, name);
    e->crc = (uint32_t)crc32_z(crc32_z(0, NULL, 0), data, bytes);
    bool large = bytes >= LIMIT32;
    size_t sizes = large ? EXTRA_BYTES + 16 : 0;
    size_t head = (size_t)(z->position % ZIP_ALIGNMENT) + LOCAL_BYTES + strlen(name) + sizes + EXTRA_BYTES;
    size_t gap = (ZIP_ALIGNMENT - head % ZIP_ALIGNMENT) % ZIP_ALIGNMENT;
    zip_put_number(z, 0x04034b50, 4);
    zip_put_facts(z, e, large);
    zip_put_number(z, sizes + EXTRA_BYTES + gap, 2);
    zip_put(z, name, strlen(name));
    if (large) {
        zip_put_number(z, ID_ZIP64, 2);
        zip_put_number(z, 16, 2);
        zip_put_number(z, bytes, 8);
        zip_put_number(z, bytes, 8);
    }
    zip_put_number(z, ID_PADDING, 2);
    zip_put_number(z, gap, 2);
    zip_put(z, padding, gap);
    zip_put(z, data, bytes);
}

static void zip_put_directory_entry(struct zip *z, const struct zip_entry *e)
{
    bool large = e->bytes >= LIMIT32, far = e->offset >= LIMIT32;
    int extra = (large ? 16 : 0) + (far ? 8 : 0);
    zip_put_number(z, 0x02014b50, 4);
    zip_put_number(z, VERSION64, 2); /* made by */
    zip_put_facts(z, e, large || far);
    zip_put_number(z, (uint64_t)(extra > 0 ? EXTRA_BYTES + extra : 0), 2);
    zip_put_number(z, 0, 2); /* comment */
    zip_put_number(z, 0, 2); /* disk */
    zip_put_number(z, 0, 2); /* attributes, inner and outer */
    zip_put_number(z, 0, 4);
    zip_put_number(z, zip_limit(e->offset, LIMIT32), 4);
    zip_put(z, e->name, strlen(e->name));
    if (extra == 0) return;
    zip_put_number(z, ID_ZIP64, 2);
    zip_put_number(z, (uint64_t)extra, 2);
    for (int i = 0; large && i < 2; i++) zip_put_number(z, e->bytes, 8);
    if (far) zip_put_number(z, e->offset, 8);
}

/* The Zip64 end of the directory, and where it is. */
static void zip_put_end64(struct zip *z, uint64_t first, uint64_t bytes)
{
    uint64_t end = z->position;
    zip_put_number(z, 0x06064b50, 4);
    zip_put_number(z, 44, 8); /* bytes that follow */
    zip_put_number(z, VERSION64, 2);
    zip_put_number(z, VERSION64, 2);
    zip_put_number(z, 0, 4); /* disks */
    zip_put_number(z, 0, 4);
    zip_put_number(z, z->count, 8);
    zip_put_number(z, z->count, 8);
    zip_put_number(z, bytes, 8);
    zip_put_number(z, first, 8);
    zip_put_number(z, 0x07064b50, 4);
    zip_put_number(z, 0, 4);
    zip_put_number(z, end, 8);
    zip_put_number(z, 1, 4);
}

void zip_end(struct zip *z)
{
    uint64_t first = z->position;
    for (size_t i = 0; i < z->count; i++) zip_put_directory_entry(z, &z->entries[i]);
    uint64_t bytes = z->position - first, count = zip_limit(z->count, LIMIT16);
    if (count == LIMIT16 || bytes >= LIMIT32 || first >= LIMIT32) zip_put_end64(z, first, bytes);
    zip_put_number(z, 0x06054b50, 4);
    zip_put_number(z, 0, 2); /* disks */
    zip_put_number(z, 0, 2);
    zip_put_number(z, count, 2);
    zip_put_number(z, count, 2);
    zip_put_number(z, zip_limit(bytes, LIMIT32), 4);
    zip_put_number(z, zip_limit(first, LIMIT32), 4);
    zip_put_number(z, 0, 2); /* comment */
    mem_free(&z->entries);
}
