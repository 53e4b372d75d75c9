/* protobuf.h - writes messages of Protocol Buffers (protobuf.dev/programming-guides/encoding).
 *
 * The length of a message that is part of another stands before it. So the same calls are made twice: the first time they
 * measure, and after protobuf_write_to they write. Nothing is kept but the lengths: bytes go from their place to the
 * file. A failure is kept, later calls are harmless. Local functions. */
#ifndef IO_PROTOBUF_H
#define IO_PROTOBUF_H

#include <stdint.h>
#include <stdio.h>

#include "core/status.h"

#define PROTOBUF_MAX   ((int64_t)INT32_MAX) /* bytes of a message that readers take */
#define PROTOBUF_DEPTH 16                   /* of messages in messages */

struct protobuf {
    FILE *out;        /* NULL: it measures */
    int64_t bytes;    /* so far */
    int64_t *lengths; /* [count]: of the parts, in the order in which they begin */
    int count, at;
    int64_t room;
    int open[PROTOBUF_DEPTH], depth; /* the parts that have begun and not ended */
    enum status status;
};

/* Starts to measure; starts to write what was measured. */
void protobuf_init(struct protobuf *p);
void protobuf_write_to(struct protobuf *p, FILE *out);
void protobuf_free(struct protobuf *p);

/* A message as a field of the one around it. */
void protobuf_begin(struct protobuf *p, int field);
void protobuf_end(struct protobuf *p);

/* Fields: int32, int64, enum; float; double; string; bytes. A repeated field is several calls. */
void protobuf_int(struct protobuf *p, int field, int64_t value);
void protobuf_real(struct protobuf *p, int field, float value);
void protobuf_double(struct protobuf *p, int field, double value);
void protobuf_text(struct protobuf *p, int field, const char *text);
void protobuf_bytes(struct protobuf *p, int field, const void *data, int64_t count);

#endif
