/* shapes.c - draws discs, squares, triangles and lines, with soft edges. */
#include "data/drawn/shapes.h"

#include <stdbool.h>
#include <string.h>

#include "data/drawn/draws.h"
#include "data/drawn/sine.h"

#define SEED       2028
#define PIXEL      64 /* units of length in a pixel */
#define FINE       4  /* a pixel is looked at in FINE x FINE places */
#define SHAPES_MAX 6
#define TRIES      20 /* to find room for a shape */

enum form { GROUND, DISC, SQUARE, TRIANGLE, LINE };

const char *const *shapes_class_names(void)
{
    static const char *const names[SHAPES_CLASSES] = {"ground", "disc", "square", "triangle"};
    return names;
}

/* Within `size` of (x, y); all lengths in units. */
struct form_at {
    enum form form;
    int x, y, size, thin;
    int sine, cosine; /* of its angle, times SINE_ONE */
    int contrast;
};

static void shapes_turn(struct draws *d, struct form_at *f)
{
    uint32_t angle = draws_word(d);
    f->sine = sine_of(angle);
    f->cosine = sine_of(angle + (UINT32_C(1) << 30));
    f->contrast = draws_range(d, 60, 110) * (draws_word(d) & 1 ? 1 : -1);
}

static bool shapes_contain(const struct form_at *f, int x, int y)
{
    int64_t dx = x - f->x, dy = y - f->y;
    int64_t along = (dx * f->cosine + dy * f->sine) / SINE_ONE,
            across = (dy * f->cosine - dx * f->sine) / SINE_ONE;
    int64_t width = across < 0 ? -across : across, length = along < 0 ? -along : along, size = f->size;
    switch (f->form) {
    case DISC:
        return dx * dx + dy * dy <= size * size * 6 / 10;
    case SQUARE:
        return width <= size * 68 / 100 && length <= size * 68 / 100;
    case TRIANGLE: /* of circumradius `size`: its lower side, and the two that meet at the top */
        return along >= -size / 2 && 866 * width <= 500 * (size - along);
    case LINE:
        return length <= size && width <= f->thin;
    default:
        return false;
    }
}

/* How many of the places of pixel (column, row) lie in the form. */
static int shapes_cover(const struct form_at *f, int64_t column, int64_t row)
{
    int count = 0, x = (int)column * PIXEL, y = (int)row * PIXEL, step = PIXEL / FINE;
    for (int i = 0; i < FINE * FINE; i++)
        count += shapes_contain(f, x + i % FINE * step + step / 2, y + i / FINE * step + step / 2);
    return count;
}

static int64_t shapes_clamp(int64_t value, int64_t max)
{
    return value < 0 ? 0 : value > max ? max : value;
}

/* Adds the form's contrast to ink [side][side]; marks its pixels in labels unless they are NULL. */
static void shapes_add(const struct form_at *f, int64_t side, int *ink, int32_t *labels)
{
    int64_t left = shapes_clamp((f->x - f->size) / PIXEL - 1, side),
            right = shapes_clamp((f->x + f->size) / PIXEL + 2, side),
            top = shapes_clamp((f->y - f->size) / PIXEL - 1, side),
            bottom = shapes_clamp((f->y + f->size) / PIXEL + 2, side);
    for (int64_t row = top; row < bottom; row++)
        for (int64_t column = left; column < right; column++) {
            int *at = ink + row * side + column, cover = shapes_cover(f, column, row);
            if (labels) /* a shape covers the lines below it */
                *at = (*at * (FINE * FINE - cover) + f->contrast * cover) / (FINE * FINE);
            else if (cover)
                *at = f->contrast * cover / (FINE * FINE);
            int x = (int)column * PIXEL + PIXEL / 2, y = (int)row * PIXEL + PIXEL / 2;
            if (labels && shapes_contain(f, x, y)) labels[row * side + column] = f->form;
        }
}

static bool shapes_find_room(struct draws *d, int side, struct form_at *f, const struct form_at *others,
                             int count)
{
    for (int try = 0; try < TRIES; try++) {
        bool free = true;
        f->x = draws_range(d, f->size, side * PIXEL - f->size);
        f->y = draws_range(d, f->size, side * PIXEL - f->size);
        for (int i = 0; i < count; i++) {
            int64_t dx = f->x - others[i].x, dy = f->y - others[i].y;
            int64_t apart = f->size + others[i].size + 2 * PIXEL;
            free = free && dx * dx + dy * dy > apart * apart;
        }
        if (free) return true;
    }
    return false;
}

static void shapes_add_lines(struct draws *d, int side, int *ink)
{
    for (int lines = draws_range(d, 0, 5); lines > 0; lines--) {
        struct form_at f = {.form = LINE, .size = draws_range(d, side, side / 2 * PIXEL), .thin = PIXEL / 2};
        f.x = draws_range(d, 0, side * PIXEL);
        f.y = draws_range(d, 0, side * PIXEL);
        shapes_turn(d, &f);
        shapes_add(&f, side, ink, NULL);
    }
}

void shapes_draw(int64_t side, uint64_t sample, uint8_t *x, int32_t *labels)
{
    struct draws d = {.seed = SEED, .purpose = RNG_DRAWN, .sample = sample};
    struct form_at forms[SHAPES_MAX];
    int ink[SHAPES_SIDE_MAX * SHAPES_SIDE_MAX], count = 0, wanted = draws_range(&d, 2, SHAPES_MAX);
    memset(ink, 0, (size_t)(side * side) * sizeof *ink);
    memset(labels, 0, (size_t)(side * side) * sizeof *labels);
    shapes_add_lines(&d, (int)side, ink);
    for (int i = 0; i < wanted; i++) {
        struct form_at f = {.form = (enum form)draws_range(&d, DISC, TRIANGLE)};
        f.size = draws_range(&d, (int)side * PIXEL / 9, (int)side * PIXEL * 2 / 9);
        shapes_turn(&d, &f);
        if (!shapes_find_room(&d, (int)side, &f, forms, count)) continue;
        shapes_add(&f, side, ink, labels);
        forms[count++] = f;
    }
    int ground = draws_range(&d, 100, 150), noise = draws_range(&d, 6, 16);
    int64_t right = draws_range(&d, -40, 40), down = draws_range(&d, -40, 40);
    for (int64_t i = 0; i < side * side; i++) {
        int64_t slope = (right * (i % side) + down * (i / side)) / side - (right + down) / 2;
        x[i] = (uint8_t)shapes_clamp(ground + slope + ink[i] + draws_normal(&d) * noise / 256, 255);
    }
}
