/* png.h - a PNG file in memory: a square of pixels, each of which names one of 256 colours. Local functions. */
#ifndef IO_PNG_H
#define IO_PNG_H

#include <stdint.h>

#include "core/status.h"

#define PNG_COLOURS 256

struct png {
    unsigned char *data;
    int64_t bytes, side;
};

/* Packs `side` rows of 1 + side bytes: a zero, for pixels that are stored as they are, and the pixels. `colours` are red,
 * green and blue of each. Released with png_free. Errors: STATUS_OTHER. */
enum status png_create(struct png *p, int64_t side, const unsigned char *rows,
                       const unsigned char colours[3 * PNG_COLOURS]);
void png_free(struct png *p);

#endif
