/* rotate90.c - turns images by quarters. */
#include "data/augment/augment.h"

enum { ARG_P };

static const struct arg args[] = {AUGMENT_P("probability to turn it at all: by 0, 90, 180 or 270 degrees", 1),
                                  ARG_END};

static enum status rotate90_check(const struct data_step *s, struct shape in)
{
    (void)s;
    if (in.rank >= 2 && in.d[AXIS_H] == in.d[AXIS_W]) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "needs axes h and w of the same length");
}

/* Counter-clockwise, as numpy.rot90. */
static void rotate90_move(const struct data_step *s, struct rng_words w, int step, struct geometry *g)
{
    (void)step;
    if (rng_unit(w.v[0]) >= (float)s->args.of[ARG_P]) return;
    int64_t quarters = augment_draw_integer(w.v[1], 4);
    if (quarters == 1 || quarters == 2) geometry_reverse(g, AXIS_W);
    if (quarters % 2 == 1) geometry_swap(g, AXIS_H, AXIS_W);
    if (quarters == 2) geometry_reverse(g, AXIS_H);
    if (quarters == 3) geometry_reverse(g, AXIS_W);
}

extern const struct augment_ops augment_rotate90;
const struct augment_ops augment_rotate90 = {
    .kind = {"rotate90", "turns images by a random number of quarters in the plane of h and w", args},
    .check = rotate90_check,
    .move = rotate90_move,
};
