/* loose.h - samples that no call announced: the main thread reads each when it is taken. Local functions. */
#ifndef DATA_STORE_LOOSE_H
#define DATA_STORE_LOOSE_H

#include "data/store/reader.h"

struct loose {
    enum status (*read)(void *self, int64_t sample, char *row); /* of the view */
    void *self;
    int64_t sample_bytes;
    struct reader reader; /* of loose_init_reader, opened at the first sample */
    char *rows;           /* [rows_max]; NULL = not in use */
    int64_t rows_max;
    enum status failed; /* of the first that could not be read */
    char text[STATUS_TEXT_SIZE];
};

/* Samples come from `read`, or with a reader of their own like that one. Errors: STATUS_OTHER, memory. */
enum status loose_init(struct loose *l, int64_t sample_bytes,
                       enum status (*read)(void *self, int64_t sample, char *row), void *self);
enum status loose_init_reader(struct loose *l, const struct reader *like);
void loose_free(struct loose *l);

/* Reads a sample of the view, as number i of `count`; valid until the next sample with that number. Allocates where
 * `count` is larger than before; without memory for that the row is an arbitrary one. */
const char *loose_take(struct loose *l, int64_t sample, int64_t i, int64_t count);

/* Why a sample was not read. Errors: those of `read`; STATUS_OTHER, memory. */
enum status loose_status(const struct loose *l);

#endif
