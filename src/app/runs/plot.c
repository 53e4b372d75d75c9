/* plot.c - draws curves with braille patterns. */
#include "app/runs/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LABEL     10 /* characters left of the plot */
#define DOTS_WIDE 2  /* in a character */
#define DOTS_HIGH 4

struct plot {
    int columns; /* characters */
    double x_low, x_high, y_low, y_high;
    unsigned char dots[PLOT_ROWS][PLOT_WIDE];
    unsigned char colour[PLOT_ROWS][PLOT_WIDE];
};

static bool plot_find_range(struct plot *p, const struct plot_curve *curves, int curve_count)
{
    p->x_low = p->y_low = INFINITY;
    p->x_high = p->y_high = -INFINITY;
    for (int c = 0; c < curve_count; c++)
        for (int64_t i = 0; i < curves[c].count; i++) {
            if (!isfinite(curves[c].x[i]) || !isfinite(curves[c].y[i])) continue;
            p->x_low = fmin(p->x_low, curves[c].x[i]), p->x_high = fmax(p->x_high, curves[c].x[i]);
            p->y_low = fmin(p->y_low, curves[c].y[i]), p->y_high = fmax(p->y_high, curves[c].y[i]);
        }
    return p->x_low <= p->x_high;
}

/* Bits of the pattern at U+2800: three rows of each column first, the fourth row was added to them later. */
static void plot_set(struct plot *p, int x, int y, int colour)
{
    static const unsigned char bits[DOTS_HIGH][DOTS_WIDE] = {{1, 8}, {2, 16}, {4, 32}, {64, 128}};
    int row = y / DOTS_HIGH, column = x / DOTS_WIDE;
    p->dots[row][column] |= bits[y % DOTS_HIGH][x % DOTS_WIDE];
    p->colour[row][column] = (unsigned char)colour;
}

/* In the middle where the range is a point, or wider than a double. */
static int plot_place(double value, double low, double high, int dots)
{
    double share = (value - low) / (high - low);
    return share >= 0 && share <= 1 ? (int)(share * (dots - 1) + 0.5) : dots / 2;
}

static void plot_line(struct plot *p, const int from[2], const int to[2], int colour)
{
    int steps = abs(to[0] - from[0]) > abs(to[1] - from[1]) ? abs(to[0] - from[0]) : abs(to[1] - from[1]);
    for (int i = 0; i <= steps; i++) {
        double share = steps ? (double)i / steps : 0;
        plot_set(p, (int)lround(from[0] + share * (to[0] - from[0])),
                 (int)lround(from[1] + share * (to[1] - from[1])), colour);
    }
}

static void plot_add(struct plot *p, const struct plot_curve *c)
{
    int last[2] = {-1, -1};
    for (int64_t i = 0; i < c->count; i++) {
        if (!isfinite(c->x[i]) || !isfinite(c->y[i])) {
            last[0] = -1;
            continue;
        }
        int high = PLOT_ROWS * DOTS_HIGH;
        int at[2] = {plot_place(c->x[i], p->x_low, p->x_high, p->columns * DOTS_WIDE),
                     high - 1 - plot_place(c->y[i], p->y_low, p->y_high, high)};
        plot_line(p, last[0] < 0 ? at : last, at, c->colour);
        memcpy(last, at, sizeof last);
    }
}

static void plot_put_pattern(FILE *out, unsigned char dots)
{
    if (dots)
        fprintf(out, "\xe2%c%c", 0xa0 + (dots >> 6), 0x80 + (dots & 0x3f));
    else
        fputc(' ', out);
}

static void plot_put_row(FILE *out, const struct plot *p, int row, bool colours)
{
    int colour = 0;
    for (int i = 0; i < p->columns; i++) {
        if (colours && p->dots[row][i] && p->colour[row][i] != colour) {
            colour = p->colour[row][i];
            fprintf(out, "\033[3%dm", colour);
        }
        plot_put_pattern(out, p->dots[row][i]);
    }
    fputs(colour ? "\033[0m" : "", out);
}

bool plot_draw(FILE *out, const struct plot_curve *curves, int curve_count, int width, bool colours)
{
    struct plot p = {.columns = width - LABEL};
    if (p.columns > PLOT_WIDE) p.columns = PLOT_WIDE;
    if (p.columns < 1 || !plot_find_range(&p, curves, curve_count)) return false;
    for (int c = 0; c < curve_count; c++) plot_add(&p, &curves[c]);
    for (int row = 0; row < PLOT_ROWS; row++) {
        if (row == 0 || row == PLOT_ROWS - 1)
            fprintf(out, "%*.4g ", LABEL - 1, row ? p.y_low : p.y_high);
        else
            fprintf(out, "%*s", LABEL, "");
        plot_put_row(out, &p, row, colours);
        fputc('\n', out);
    }
    return true;
}
