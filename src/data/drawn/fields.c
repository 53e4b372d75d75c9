/* fields.c - draws clusters of points in a periodic box and counts them. */
#include "data/drawn/fields.h"

#include <string.h>

#include "data/drawn/draws.h"

#define SEED       2027
#define CELL       65536 /* units of length in a cell */
#define HALF       4096  /* the targets are integers between -HALF and HALF, over HALF */
#define CELLS_EACH 8     /* as many cells as points, times this */

const char *const *fields_target_names(void)
{
    static const char *const names[FIELDS_TARGETS] = {"size", "number", "length", "share"};
    return names;
}

struct clusters {
    int64_t radius[3]; /* in units; the last axis is the long or the flat one */
    int64_t each;      /* points of a cluster */
    int64_t share;     /* of 65536: points in clusters */
};

static struct clusters fields_choose(const int t[FIELDS_TARGETS])
{
    struct clusters k;
    int64_t radius = CELL + (int64_t)(t[0] + HALF) * CELL / HALF; /* 1 to 3 cells */
    int64_t stretch = t[2] > 0 ? 256 + 384 * t[2] / HALF : 256 * 256 / (256 - 384 * t[2] / HALF); /* of 256 */
    k.radius[0] = k.radius[1] = radius;
    k.radius[2] = radius * stretch / 256;
    k.each = 24 + (int64_t)(t[1] + HALF) * 32 / HALF;        /* 24 to 88 */
    k.share = 16384 + (int64_t)(t[3] + HALF) * 22500 / HALF; /* 25 % to 94 % */
    return k;
}

static int64_t fields_anywhere(struct draws *d, int64_t side)
{
    return (int64_t)((uint64_t)draws_word(d) * (uint64_t)(side * CELL) >> 32);
}

/* The cell of a place that may lie beyond the box. */
static int64_t fields_cell(int64_t place, int64_t side)
{
    int64_t box = side * CELL;
    return (place % box + box) % box / CELL;
}

static void fields_put(uint8_t *x, int64_t side, const int64_t place[3])
{
    uint8_t *cell = x + (fields_cell(place[0], side) * side + fields_cell(place[1], side)) * side +
                    fields_cell(place[2], side);
    if (*cell < UINT8_MAX) ++*cell;
}

/* One channel: clusters of a radius of `tenths` of what was chosen, with their centres from `centres`, so
 * that all channels have the same ones. */
static void fields_channel(struct draws *d, struct draws centres, const struct clusters *k, int64_t side,
                           int tenths, uint8_t *x)
{
    int64_t points = side * side * side / CELLS_EACH, inside = points * k->share / 65536, centre[3] = {0};
    for (int64_t i = 0; i < points; i++) {
        int64_t place[3];
        for (int a = 0; a < 3; a++) {
            if (i < inside && i % k->each == 0) centre[a] = fields_anywhere(&centres, side);
            place[a] = i < inside ? centre[a] + draws_normal(d) * k->radius[a] / 148 * tenths / 10
                                  : fields_anywhere(d, side);
        }
        fields_put(x, side, place);
    }
}

void fields_draw(int64_t side, uint64_t sample, uint8_t *x, float targets[FIELDS_TARGETS])
{
    struct draws d = {.seed = SEED, .purpose = RNG_DRAWN, .sample = sample};
    struct draws centres = {.seed = SEED + 1, .purpose = RNG_DRAWN, .sample = sample};
    int t[FIELDS_TARGETS];
    for (int i = 0; i < FIELDS_TARGETS; i++) {
        t[i] = draws_range(&d, -HALF, HALF);
        targets[i] = (float)t[i] / HALF;
    }
    struct clusters k = fields_choose(t);
    int64_t cells = side * side * side;
    memset(x, 0, (size_t)(FIELDS_CHANNELS * cells));
    for (int c = 0; c < FIELDS_CHANNELS; c++) fields_channel(&d, centres, &k, side, 10 - c, x + c * cells);
}
