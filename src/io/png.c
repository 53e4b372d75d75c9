/* png.c - writes PNG files into memory. */
#include "io/png.h"

#include <stdbool.h>
#include <string.h>
#include <zlib.h>

#include "core/mem.h"

#define PNG_HEAD 13 /* bytes of the part IHDR */
#define PNG_PART 12 /* of a part beside its data: length, name, checksum */
#define PNG_REST (8 + 4 * PNG_PART + PNG_HEAD + 3 * PNG_COLOURS) /* of a file beside its packed pixels */

static const unsigned char signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

/* Highest byte first. */
static void png_put_int(unsigned char *out, uint64_t value)
{
    for (int i = 0; i < 4; i++) out[i] = (unsigned char)(value >> 8 * (3 - i));
}

static void png_add_part(struct png *p, const char *name, const unsigned char *data, size_t bytes)
{
    unsigned char *part = p->data + p->bytes;
    png_put_int(part, bytes);
    memcpy(part + 4, name, 4);
    if (bytes > 0) memcpy(part + 8, data, bytes);
    png_put_int(part + 8 + bytes, crc32(0, part + 4, (uInt)(4 + bytes)));
    p->bytes += (int64_t)bytes + PNG_PART;
}

static void png_fill(struct png *p, const unsigned char *colours, const unsigned char *packed, size_t bytes)
{
    unsigned char head[PNG_HEAD] = {[8] = 8, [9] = 3}; /* 8 bits, which name a colour */
    png_put_int(head, (uint64_t)p->side);
    png_put_int(head + 4, (uint64_t)p->side);
    memcpy(p->data, signature, sizeof signature);
    p->bytes = sizeof signature;
    png_add_part(p, "IHDR", head, sizeof head);
    png_add_part(p, "PLTE", colours, 3 * PNG_COLOURS);
    png_add_part(p, "IDAT", packed, bytes);
    png_add_part(p, "IEND", NULL, 0);
}

enum status png_create(struct png *p, int64_t side, const unsigned char *rows,
                       const unsigned char colours[3 * PNG_COLOURS])
{
    uLong size = (uLong)(side * (1 + side));
    uLongf bytes = compressBound(size);
    unsigned char *packed;
    *p = (struct png){.side = side};
    TRY(mem_alloc(&packed, bytes, 1, "picture"));
    bool packs = compress(packed, &bytes, rows, size) == Z_OK;
    enum status status = packs ? STATUS_OK : status_fail(STATUS_OTHER, "a picture cannot be compressed");
    if (packs) status = mem_alloc(&p->data, bytes + PNG_REST, 1, "picture");
    if (status == STATUS_OK) png_fill(p, colours, packed, bytes);
    mem_free(&packed);
    return status;
}

void png_free(struct png *p)
{
    mem_free(&p->data);
}
