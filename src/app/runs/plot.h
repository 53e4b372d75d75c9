/* plot.h - curves in a terminal, of Unicode's braille patterns: eight points in a character. Local functions. Private to
 * the app layer. */
#ifndef APP_RUNS_PLOT_H
#define APP_RUNS_PLOT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define PLOT_ROWS 6
#define PLOT_WIDE 200 /* characters, at most */

struct plot_curve {
    const double *x, *y; /* [count]; y may hold NaN */
    int64_t count;
    int colour; /* of ANSI: 1..7 */
};

/* Draws the curves, one above the other, with a common scale: PLOT_ROWS lines of `width` characters, the labels of the
 * axis included. Nothing if no value is finite. Returns whether there is something. */
bool plot_draw(FILE *out, const struct plot_curve *curves, int curve_count, int width, bool colours);

#endif
