/* loose.h - samples that no call announced: the main thread reads each from the source. Local functions. */
#ifndef DATA_STORE_LOOSE_H
#define DATA_STORE_LOOSE_H

#include "data/store/reader.h"

struct loose {
    struct reader reader; /* opened at the first sample */
    char *rows;           /* [rows_max] */
    int64_t rows_max;
    enum status failed; /* of the first that could not be read */
    char text[STATUS_TEXT_SIZE];
};

/* Reads a sample of the view of `like`, as number i of `count`; valid until the next sample with that number.
 * Allocates where `count` is larger than before. */
const char *loose_take(struct loose *l, const struct reader *like, int64_t sample, int64_t i, int64_t count);
enum status loose_status(const struct loose *l);
void loose_free(struct loose *l);

#endif
