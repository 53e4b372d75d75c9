/* protobuf.c - writes messages of Protocol Buffers: one pass measures, the next one writes. */
#include "io/protobuf.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "core/mem.h"

enum { WIRE_VARINT = 0, WIRE_DOUBLE = 1, WIRE_LENGTH = 2, WIRE_FLOAT = 5 };

void protobuf_init(struct protobuf *p)
{
    *p = (struct protobuf){0};
}

void protobuf_write_to(struct protobuf *p, FILE *out)
{
    assert(p->depth == 0);
    p->out = out;
    p->bytes = 0;
    p->at = 0;
}

void protobuf_free(struct protobuf *p)
{
    mem_free(&p->lengths);
}

static void protobuf_put(struct protobuf *p, const void *data, int64_t count)
{
    p->bytes += count;
    if (!p->out || p->status != STATUS_OK || fwrite(data, 1, (size_t)count, p->out) == (size_t)count) return;
    p->status = status_fail(STATUS_OTHER, "cannot be written: %s", strerror(errno));
}

/* 7 bits in a byte, the lowest first. */
static void protobuf_put_varint(struct protobuf *p, uint64_t value)
{
    unsigned char bytes[10];
    int count = 0;
    for (; value >= 128; value >>= 7) bytes[count++] = (unsigned char)(value | 128);
    bytes[count++] = (unsigned char)value;
    protobuf_put(p, bytes, count);
}

static void protobuf_put_tag(struct protobuf *p, int field, int wire)
{
    protobuf_put_varint(p, (uint64_t)field << 3 | (uint64_t)wire);
}

static void protobuf_put_length(struct protobuf *p, int field, int64_t length)
{
    protobuf_put_tag(p, field, WIRE_LENGTH);
    protobuf_put_varint(p, (uint64_t)length);
}

/* While it measures, the place of a length holds where its part began. The header is counted when its length is
 * known. */
void protobuf_begin(struct protobuf *p, int field)
{
    assert(p->depth < PROTOBUF_DEPTH);
    if (!p->out && p->status == STATUS_OK)
        p->status = mem_grow(&p->lengths, &p->room, p->count, sizeof *p->lengths, "message");
    if (p->status != STATUS_OK) return;
    if (p->out) {
        protobuf_put_length(p, field, p->lengths[p->at++]);
        return;
    }
    assert(field < 16); /* its tag is one byte */
    p->lengths[p->count] = p->bytes;
    p->open[p->depth++] = p->count++;
}

void protobuf_end(struct protobuf *p)
{
    if (p->out || p->status != STATUS_OK) return;
    int64_t *length = &p->lengths[p->open[--p->depth]];
    *length = p->bytes - *length;
    protobuf_put_length(p, 1, *length);
}

void protobuf_int(struct protobuf *p, int field, int64_t value)
{
    protobuf_put_tag(p, field, WIRE_VARINT);
    protobuf_put_varint(p, (uint64_t)value);
}

/* The lowest byte first. */
static void protobuf_put_bits(struct protobuf *p, uint64_t bits, int count)
{
    unsigned char bytes[8];
    for (int i = 0; i < count; i++) bytes[i] = (unsigned char)(bits >> 8 * i);
    protobuf_put(p, bytes, count);
}

void protobuf_real(struct protobuf *p, int field, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    protobuf_put_tag(p, field, WIRE_FLOAT);
    protobuf_put_bits(p, bits, 4);
}

void protobuf_double(struct protobuf *p, int field, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    protobuf_put_tag(p, field, WIRE_DOUBLE);
    protobuf_put_bits(p, bits, 8);
}

void protobuf_text(struct protobuf *p, int field, const char *text)
{
    protobuf_bytes(p, field, text, (int64_t)strlen(text));
}

void protobuf_bytes(struct protobuf *p, int field, const void *data, int64_t count)
{
    protobuf_put_length(p, field, count);
    protobuf_put(p, data, count);
}
