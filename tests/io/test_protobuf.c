/* test_protobuf.c - messages of Protocol Buffers: the bytes of the encoding's own examples, lengths of nested messages. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/mem.h"
#include "io/protobuf.h"

#define DEEP 12 /* messages in messages */

typedef void write_message(struct protobuf *p);

/* Both passes; checks that they agree, and that nothing else was written. */
static void check_bytes(write_message *message, const void *expected, size_t count)
{
    struct protobuf p;
    char *text = NULL;
    size_t written = 0;
    FILE *out = open_memstream(&text, &written);
    protobuf_init(&p);
    message(&p);
    CHECK(p.status == STATUS_OK && p.bytes == (int64_t)count);
    protobuf_write_to(&p, out);
    message(&p);
    fclose(out);
    CHECK(p.status == STATUS_OK && p.bytes == (int64_t)count && written == count);
    CHECK(written == count && memcmp(text, expected, count) == 0);
    protobuf_free(&p);
    free(text);
}

#define CHECK_BYTES(message, ...)                                                                            \
    check_bytes(message, (const unsigned char[]){__VA_ARGS__}, sizeof((const unsigned char[]){__VA_ARGS__}))

/* protobuf.dev/programming-guides/encoding: 150, "testing", and 150 in a message. */
static void write_number(struct protobuf *p)
{
    protobuf_int(p, 1, 150);
}

static void write_text(struct protobuf *p)
{
    protobuf_text(p, 2, "testing");
}

static void write_nested(struct protobuf *p)
{
    protobuf_begin(p, 3);
    protobuf_int(p, 1, 150);
    protobuf_end(p);
}

static void write_edges(struct protobuf *p)
{
    protobuf_int(p, 1, -2);
    protobuf_int(p, 16, 0);
    protobuf_real(p, 2, 1.5f);
    protobuf_begin(p, 4);
    protobuf_end(p);
    protobuf_double(p, 1, -2.5);
}

static void test_examples(void)
{
    CHECK_BYTES(write_number, 0x08, 0x96, 0x01);
    CHECK_BYTES(write_text, 0x12, 0x07, 't', 'e', 's', 't', 'i', 'n', 'g');
    CHECK_BYTES(write_nested, 0x1a, 0x03, 0x08, 0x96, 0x01);
    CHECK_BYTES(write_edges, 0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x80, 0x01,
                0x00, 0x15, 0x00, 0x00, 0xc0, 0x3f, 0x22, 0x00, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                0x04, 0xc0);
}

/* Lengths of one, two and three bytes, one in the other. */
static const char blob[20000];

static void write_deep(struct protobuf *p)
{
    for (int i = 0; i < DEEP; i++) protobuf_begin(p, 1);
    protobuf_bytes(p, 2, blob, (int64_t)sizeof blob);
    for (int i = 0; i < DEEP; i++) {
        protobuf_end(p);
        protobuf_int(p, 3, i);
    }
}

static void test_lengths(void)
{
    static unsigned char whole[2 * sizeof blob];
    unsigned char *at = whole + sizeof whole; /* from the end: the innermost first */
    size_t length = 0;
    for (int i = DEEP - 1; i >= 0; i--) *--at = (unsigned char)i, *--at = 0x18;
    unsigned char *end = at;
    at -= sizeof blob;
    memcpy(at, blob, sizeof blob);
    for (int i = -1; i < DEEP; i++) { /* headers; behind each part stand the two bytes of the number */
        length = (size_t)(end - at) + (i > 0 ? 2 * (size_t)i : 0);
        *--at = (unsigned char)(length >> 14), *--at = (unsigned char)(length >> 7 | 0x80);
        *--at = (unsigned char)(length | 0x80), *--at = i < 0 ? 0x12 : 0x0a;
    }
    check_bytes(write_deep, at, (size_t)(whole + sizeof whole - at));
}

/* A file that takes nothing: the failure stays. */
static void test_full(void)
{
    struct protobuf p;
    FILE *out = fopen("/dev/full", "w");
    protobuf_init(&p);
    write_deep(&p);
    setvbuf(out, NULL, _IONBF, 0);
    protobuf_write_to(&p, out);
    write_deep(&p);
    CHECK(p.status == STATUS_OTHER);
    protobuf_free(&p);
    fclose(out);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_examples());
    CHECK_CASE(test_lengths());
    CHECK_CASE(test_full());
    CHECK(mem_alive() == 0);
    return check_result();
}
