/* grid.h - texts in rows and columns. Local functions. Private to the app layer. */
#ifndef APP_RUNS_GRID_H
#define APP_RUNS_GRID_H

#include <stdint.h>
#include <stdio.h>

#include "core/status.h"

struct grid {
    int columns;
    char **cells; /* row by row */
    int64_t count, room;
};

/* Adds the next cell; rows follow one another. Errors: STATUS_OTHER, memory. */
enum status grid_add(struct grid *g, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints columns as wide as their cells, `left` ones at the left and the others at the right, two blanks between. Errors:
 * STATUS_OTHER, memory. */
enum status grid_print(const struct grid *g, int left, FILE *out);

/* Prints rows of RFC 4180. */
void grid_write_csv(const struct grid *g, FILE *out);

void grid_free(struct grid *g);

#endif
