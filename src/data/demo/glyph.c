/* glyph.c - draws one digit as strokes, in integer arithmetic. */
#include "data/demo/glyph.h"

#include <math.h>
#include <string.h>

#include "data/drawn/draws.h"

/* Everything is integer arithmetic: lengths in 1/256 pixel, angles as ratios. Only square roots of integers
 * are taken in floating point, where IEEE 754 leaves no choice of the result. */

#define SEED       2025
#define PIXEL      256 /* units of length in a pixel */
#define UNIT_SHIFT 14  /* of the entries of the matrix */

enum { PEN_UP = -128 };

struct point {
    int8_t x, y; /* of a box of 100 x 100, y downward; x = PEN_UP ends a stroke */
};

#define MAX_POINTS 20

/* The pen's way through each digit. */
static const struct point ways[DEMO_CLASSES][MAX_POINTS] = {
    {{50, 0},
     {68, 6},
     {78, 22},
     {82, 50},
     {78, 78},
     {68, 94},
     {50, 100},
     {32, 94},
     {22, 78},
     {18, 50},
     {22, 22},
     {32, 6},
     {50, 0},
     {PEN_UP, 0}},
    {{30, 22}, {52, 2}, {52, 50}, {52, 100}, {PEN_UP, 0}},
    {{22, 26},
     {28, 8},
     {48, 0},
     {68, 6},
     {77, 24},
     {73, 42},
     {58, 60},
     {38, 79},
     {20, 98},
     {50, 98},
     {82, 98},
     {PEN_UP, 0}},
    {{22, 8},
     {48, 0},
     {70, 6},
     {76, 24},
     {68, 40},
     {46, 47},
     {70, 54},
     {80, 74},
     {72, 92},
     {48, 100},
     {20, 92},
     {PEN_UP, 0}},
    {{62, 100}, {62, 50}, {62, 0}, {39, 34}, {16, 68}, {50, 68}, {86, 68}, {PEN_UP, 0}},
    {{76, 2}, {30, 2}, {26, 44}, {50, 38}, {72, 46}, {80, 68}, {72, 90}, {48, 100}, {20, 92}, {PEN_UP, 0}},
    {{70, 3},
     {46, 12},
     {28, 34},
     {20, 66},
     {28, 90},
     {50, 100},
     {72, 90},
     {79, 70},
     {70, 52},
     {48, 47},
     {27, 58},
     {PEN_UP, 0}},
    {{18, 2}, {50, 2}, {82, 2}, {70, 24}, {58, 48}, {44, 100}, {PEN_UP, 0}},
    {{50, 46},
     {30, 36},
     {24, 20},
     {34, 4},
     {50, 0},
     {66, 4},
     {76, 20},
     {70, 36},
     {50, 46},
     {28, 58},
     {20, 76},
     {30, 94},
     {50, 100},
     {70, 94},
     {80, 76},
     {72, 58},
     {50, 46},
     {PEN_UP, 0}},
    {{73, 42},
     {52, 53},
     {30, 48},
     {21, 30},
     {28, 10},
     {50, 0},
     {72, 10},
     {80, 34},
     {72, 66},
     {54, 88},
     {30, 97},
     {PEN_UP, 0}},
};

/* A way on the image, in 1/256 pixel. */
struct line {
    int count;
    int x[MAX_POINTS], y[MAX_POINTS];
};

struct transform {
    int64_t xx, xy, yx, yy; /* 2^-UNIT_SHIFT lengths per 1/16 of a box unit */
    int x, y;               /* of the box's centre */
    int jitter;             /* of each point, in 1/16 of a box unit */
};

/* Rotation by the angle whose half has the tangent t, so that sine and cosine are ratios: 2t/(1+t^2),
 * (1-t^2)/(1+t^2). */
static struct transform glyph_random_transform(struct draws *d)
{
    const int64_t one = (int64_t)1 << UNIT_SHIFT;
    int64_t t = draws_range(d, -2900, 2900); /* +-20 degrees */
    int64_t below = one * one + t * t;
    int64_t cosine = (one * one - t * t) * one / below, sine = 2 * t * one * one / below;
    int64_t slant = draws_range(d, -5700, 5700); /* +-0.35 */
    int64_t height = draws_range(d, 13 * PIXEL, 21 * PIXEL), width = height * draws_range(d, 70, 115) / 100;
    int64_t sx = width * one / 1600, sy = height * one / 1600;
    struct transform m;
    m.xx = sx * cosine / one;
    m.yx = sx * sine / one;
    int64_t leaning = sx * slant / one;
    m.xy = (leaning * cosine - sy * sine) / one;
    m.yy = (leaning * sine + sy * cosine) / one;
    m.x = 14 * PIXEL + draws_range(d, -5 * PIXEL / 2, 5 * PIXEL / 2);
    m.y = 14 * PIXEL + draws_range(d, -5 * PIXEL / 2, 5 * PIXEL / 2);
    m.jitter = draws_range(d, 24, 128);
    return m;
}

static void glyph_place(struct draws *d, const struct transform *m, const struct point *way,
                        struct line *line)
{
    const int64_t one = (int64_t)1 << UNIT_SHIFT;
    line->count = 0;
    for (; way->x != PEN_UP; way++) {
        int64_t x = (way->x - 50) * 16 + draws_range(d, -m->jitter, m->jitter);
        int64_t y = (way->y - 50) * 16 + draws_range(d, -m->jitter, m->jitter);
        line->x[line->count] = m->x + (int)((m->xx * x + m->xy * y) / one);
        line->y[line->count] = m->y + (int)((m->yx * x + m->yy * y) / one);
        line->count++;
    }
}

/* The squared distance of point p to the segment from the origin to b. */
static int64_t glyph_squared_distance(int px, int py, int bx, int by)
{
    int64_t along = (int64_t)px * bx + (int64_t)py * by, length2 = (int64_t)bx * bx + (int64_t)by * by;
    if (along <= 0) return (int64_t)px * px + (int64_t)py * py;
    if (along >= length2) return (int64_t)(px - bx) * (px - bx) + (int64_t)(py - by) * (py - by);
    int64_t cross = (int64_t)px * by - (int64_t)py * bx;
    return cross * cross / length2;
}

static int glyph_first_pixel(int position)
{
    return position < 0 ? 0 : position / PIXEL;
}

static int glyph_last_pixel(int position)
{
    return position >= DEMO_SIDE * PIXEL ? DEMO_SIDE - 1 : position / PIXEL;
}

/* Lowers nearest [28][28], the squared distance of each pixel's centre to the lines, within `reach` of a
 * segment. */
static void glyph_approach(int ax, int ay, int bx, int by, int reach, int64_t *nearest)
{
    int left = glyph_first_pixel((ax < bx ? ax : bx) - reach),
        right = glyph_last_pixel((ax > bx ? ax : bx) + reach);
    int top = glyph_first_pixel((ay < by ? ay : by) - reach),
        bottom = glyph_last_pixel((ay > by ? ay : by) + reach);
    for (int y = top; y <= bottom; y++)
        for (int x = left; x <= right; x++) {
            int px = x * PIXEL + PIXEL / 2 - ax, py = y * PIXEL + PIXEL / 2 - ay;
            int64_t distance = glyph_squared_distance(px, py, bx - ax, by - ay);
            int64_t *best = &nearest[y * DEMO_SIDE + x];
            if (distance < *best) *best = distance;
        }
}

/* Adds a pen's line to ink [28][28], 0..255: full within the radius, fading out over one pixel. */
static void glyph_stroke(const struct line *line, int radius, int strength, int *ink)
{
    int reach = radius + PIXEL / 2;
    int64_t nearest[DEMO_PIXELS];
    for (int i = 0; i < DEMO_PIXELS; i++) nearest[i] = (int64_t)reach * reach;
    for (int i = 0; i + 1 < line->count; i++)
        glyph_approach(line->x[i], line->y[i], line->x[i + 1], line->y[i + 1], reach, nearest);
    for (int i = 0; i < DEMO_PIXELS; i++) {
        if (nearest[i] >= (int64_t)reach * reach) continue;
        int cover = reach - (int)sqrt((double)nearest[i]);
        if (cover > PIXEL) cover = PIXEL;
        int level = strength * cover / PIXEL;
        if (level > ink[i]) ink[i] = level;
    }
}

/* A short line anywhere, thinner and paler than a digit. */
static void glyph_clutter(struct draws *d, int *ink)
{
    struct line line = {.count = 2};
    line.x[0] = draws_range(d, 0, DEMO_SIDE * PIXEL);
    line.y[0] = draws_range(d, 0, DEMO_SIDE * PIXEL);
    line.x[1] = line.x[0] + draws_range(d, -5 * PIXEL, 5 * PIXEL);
    line.y[1] = line.y[0] + draws_range(d, -5 * PIXEL, 5 * PIXEL);
    int radius = draws_range(d, 80, 180), strength = draws_range(d, 60, 160);
    glyph_stroke(&line, radius, strength, ink);
}

static int glyph_clamp(int value, int max)
{
    return value < 0 ? 0 : value > max ? max : value;
}

void glyph_draw(int digit, uint64_t sample, uint8_t *image)
{
    struct draws d = {.seed = SEED, .purpose = RNG_DEMO, .sample = sample};
    struct transform m = glyph_random_transform(&d);
    struct line line;
    int ink[DEMO_PIXELS] = {0};
    glyph_place(&d, &m, ways[digit], &line);
    int radius = draws_range(&d, 130, 370), strength = draws_range(&d, 130, 255);
    glyph_stroke(&line, radius, strength, ink);
    for (int count = draws_range(&d, 0, 3); count > 0; count--) glyph_clutter(&d, ink);

    int paper = draws_range(&d, 0, 40), noise = draws_range(&d, 0, 48);
    for (int i = 0; i < DEMO_PIXELS; i++) {
        image[i] =
            (uint8_t)glyph_clamp(paper + ink[i] * (255 - paper) / 255 + draws_normal(&d) * noise / 256, 255);
    }
}
