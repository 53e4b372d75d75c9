/* storms.c - draws five fields of weather, with cyclones and rivers in them, and mixes them into channels. */
#include "data/drawn/storms.h"

#include "data/drawn/draws.h"
#include "data/drawn/sine.h"

#define SEED   2030
#define ONE    256 /* of a field: its waves reach one to two */
#define CELL   16  /* units of length in a pixel */
#define WAVES  3   /* of each field's smooth ground */
#define LOWS   4
#define BANDS  3
#define POINTS 16 /* of a band */

enum field { EAST, NORTH, PRESSURE, MOISTURE, TEMPERATURE, FIELDS };
enum label { NOTHING, CYCLONE, RIVER };

const char *const *storms_class_names(void)
{
    static const char *const names[STORMS_CLASSES] = {"nothing", "cyclone", "river"};
    return names;
}

struct wave {
    uint32_t phase, right, down; /* 2^32 a circle, per pixel */
    int height;
};

struct low {
    int64_t x, y, radius;
    int deep, turning; /* turning 0: wind blows inward instead, and it is no cyclone */
};

struct band {
    int64_t x[POINTS], y[POINTS], width;
    int points; /* 1: a cloud */
};

struct weather {
    struct wave waves[FIELDS][WAVES];
    struct low lows[LOWS];
    struct band bands[BANDS];
    int low_count, band_count;
};

static void storms_choose_lows(struct draws *d, int height, struct weather *w)
{
    w->low_count = draws_range(d, 1, LOWS);
    for (int i = 0; i < w->low_count; i++) {
        struct low *low = &w->lows[i];
        low->x = draws_range(d, 0, (int)storms_width(height) * CELL);
        low->y = draws_range(d, 0, height * CELL);
        low->radius = draws_range(d, height * CELL / 16, height * CELL / 8);
        low->deep = draws_range(d, ONE, 2 * ONE);
        int north = low->y < height * CELL / 2;
        low->turning = draws_word(d) & 1 ? 0 : north ? 1 : -1;
    }
}

/* A way of steps that turn a little; a cloud has no steps. */
static void storms_choose_bands(struct draws *d, int height, struct weather *w)
{
    w->band_count = draws_range(d, 1, BANDS);
    for (int i = 0; i < w->band_count; i++) {
        struct band *b = &w->bands[i];
        uint32_t angle = draws_word(d);
        int turn = draws_range(d, -200, 200), step = height * CELL / 12;
        b->points = draws_range(d, 0, 3) == 0 ? 1 : draws_range(d, 8, POINTS);
        b->width = draws_range(d, height * CELL / 30, height * CELL / 18) * (b->points == 1 ? 2 : 1);
        b->x[0] = draws_range(d, 0, (int)storms_width(height) * CELL);
        b->y[0] = draws_range(d, 0, height * CELL);
        for (int k = 1; k < b->points; k++) {
            b->x[k] = b->x[k - 1] + (int64_t)step * sine_of(angle) / SINE_ONE;
            b->y[k] = b->y[k - 1] + (int64_t)step * sine_of(angle + (UINT32_C(1) << 30)) / SINE_ONE;
            angle += (uint32_t)turn * (UINT32_C(1) << 20);
        }
    }
}

static void storms_choose(struct draws *d, int height, struct weather *w)
{
    for (int f = 0; f < FIELDS; f++)
        for (int k = 0; k < WAVES; k++) {
            struct wave *wave = &w->waves[f][k];
            int circles = 1 + k;
            wave->phase = draws_word(d);
            wave->right =
                (uint32_t)(draws_range(d, -100, 100) * circles) * (UINT32_MAX / 100 / (uint32_t)height);
            wave->down =
                (uint32_t)(draws_range(d, -100, 100) * circles) * (UINT32_MAX / 100 / (uint32_t)height);
            wave->height = draws_range(d, ONE / 4, ONE) / (k + 1);
        }
    storms_choose_lows(d, height, w);
    storms_choose_bands(d, height, w);
}

/* The squared distance of (x, y) to the segment from (ax, ay) to (bx, by). */
static int64_t storms_squared_distance(int64_t x, int64_t y, int64_t ax, int64_t ay, int64_t bx, int64_t by)
{
    int64_t px = x - ax, py = y - ay, sx = bx - ax, sy = by - ay;
    int64_t along = px * sx + py * sy, length2 = sx * sx + sy * sy;
    if (along <= 0) return px * px + py * py;
    if (along >= length2) return (x - bx) * (x - bx) + (y - by) * (y - by);
    int64_t cross = px * sy - py * sx;
    return cross * cross / length2;
}

/* Adds a low at one pixel: everything falls off with r^4 / (r^2 + distance^2)^2. */
static void storms_add_low(const struct low *low, int64_t x, int64_t y, int64_t v[FIELDS], int32_t *label)
{
    int64_t dx = x - low->x, dy = y - low->y, r2 = low->radius * low->radius, d2 = dx * dx + dy * dy;
    if (d2 > 64 * r2) return;
    int64_t near = r2 * 1024 / (r2 + d2), fall = near * near / 1024; /* of 1024 */
    int64_t wind = 2 * low->deep * fall / 1024;
    if (low->turning) {
        v[EAST] -= low->turning * wind * dy / low->radius;
        v[NORTH] += low->turning * wind * dx / low->radius;
    } else {
        v[EAST] -= wind * dx / low->radius;
        v[NORTH] -= wind * dy / low->radius;
    }
    v[PRESSURE] -= 2 * low->deep * fall / 1024;
    v[MOISTURE] += low->deep * fall / 2048;
    if (low->turning && d2 < r2 * 9 / 4) *label = CYCLONE;
}

static void storms_add_band(const struct band *b, int64_t x, int64_t y, int64_t v[FIELDS], int32_t *label)
{
    int64_t best = INT64_MAX, w2 = b->width * b->width;
    for (int k = 0; k < b->points; k++) {
        int next = k + 1 < b->points ? k + 1 : k;
        if (next == k && k > 0) break;
        int64_t d2 = storms_squared_distance(x, y, b->x[k], b->y[k], b->x[next], b->y[next]);
        if (d2 < best) best = d2;
    }
    if (best > 16 * w2) return;
    v[MOISTURE] += 3 * ONE * w2 / (w2 + best) * w2 / (w2 + best);
    if (b->points > 1 && best < w2 && *label == NOTHING) *label = RIVER;
}

/* How channels are made of fields, in sixteenths, and how strong their noise is. */
static const int mix[STORMS_CHANNELS][FIELDS + 1] = {
    {16, 0, 0, 0, 0, 6},  {0, 16, 0, 0, 0, 6},  {0, 0, 16, 0, 0, 8},   {0, 0, 0, 16, 0, 8},
    {0, 0, 0, 0, 16, 8},  {12, 0, 4, 0, 0, 12}, {0, 12, 4, 0, 0, 12},  {8, 8, 0, 0, 0, 12},
    {0, 0, 8, 8, 0, 12},  {0, 0, 8, 0, 8, 12},  {0, 0, 0, 8, 8, 12},   {-8, 8, 0, 0, 0, 12},
    {6, 0, 0, 10, 0, 16}, {0, 6, 0, 10, 0, 16}, {0, 0, 12, -4, 0, 16}, {4, 4, 4, 4, 4, 16},
};

void storms_draw(int64_t height, uint64_t sample, uint8_t *x, int32_t *labels)
{
    struct draws d = {.seed = SEED, .purpose = RNG_DRAWN, .sample = sample};
    struct weather w;
    int64_t width = storms_width(height), pixels = height * width;
    storms_choose(&d, (int)height, &w);
    for (int64_t i = 0; i < pixels; i++) {
        int64_t column = i % width, row = i / width, v[FIELDS];
        for (int f = 0; f < FIELDS; f++) {
            v[f] = 0;
            for (int k = 0; k < WAVES; k++) {
                const struct wave *wave = &w.waves[f][k];
                uint32_t phase = wave->phase + (uint32_t)column * wave->right + (uint32_t)row * wave->down;
                v[f] += (int64_t)wave->height * sine_of(phase) / SINE_ONE;
            }
        }
        labels[i] = NOTHING;
        for (int k = 0; k < w.low_count; k++)
            storms_add_low(&w.lows[k], column * CELL, row * CELL, v, &labels[i]);
        for (int k = 0; k < w.band_count; k++)
            storms_add_band(&w.bands[k], column * CELL, row * CELL, v, &labels[i]);
        for (int c = 0; c < STORMS_CHANNELS; c++) {
            int64_t sum = mix[c][FIELDS] * (int64_t)draws_normal(&d) / 2;
            for (int f = 0; f < FIELDS; f++) sum += mix[c][f] * v[f];
            sum = 128 + sum / 96;
            x[c * pixels + i] = (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
        }
    }
}
