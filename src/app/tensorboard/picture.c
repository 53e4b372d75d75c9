/* picture.c - draws a confusion matrix. */
#include "app/tensorboard/picture.h"

#include <string.h>

#include "core/mem.h"

static const int dark[3] = {8, 48, 107};

static void picture_fill(unsigned char *rows, int64_t classes, const int64_t *confusion, int64_t cell)
{
    int64_t side = classes * cell;
    for (int64_t row = 0; row < classes; row++) {
        const int64_t *counts = confusion + row * classes;
        unsigned char *line = rows + row * cell * (1 + side);
        int64_t total = 0;
        for (int64_t k = 0; k < classes; k++) total += counts[k];
        for (int64_t x = 0; x < side && total > 0; x++)
            line[1 + x] = (unsigned char)((double)counts[x / cell] / (double)total * (PNG_COLOURS - 1) + 0.5);
        for (int64_t i = 1; i < cell; i++) memcpy(line + i * (1 + side), line, (size_t)(1 + side));
    }
}

enum status picture_create(struct png *p, int64_t classes, const int64_t *confusion)
{
    *p = (struct png){.data = NULL};
    if (!confusion || classes > PICTURE_CLASSES) return STATUS_OK;
    int64_t cell = PICTURE_CLASSES / classes, side = classes * cell;
    unsigned char *rows, colours[3 * PNG_COLOURS];
    for (int i = 0; i < 3 * PNG_COLOURS; i++)
        colours[i] = (unsigned char)(255 - (255 - dark[i % 3]) * (i / 3) / (PNG_COLOURS - 1));
    TRY(mem_alloc(&rows, (size_t)(side * (1 + side)), 1, "picture"));
    picture_fill(rows, classes, confusion, cell);
    enum status status = png_create(p, side, rows, colours);
    mem_free(&rows);
    return status;
}
