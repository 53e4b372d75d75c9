/* pad.c - moves that look beyond the ends of axes. */
#include "data/augment/augment.h"

const char augment_axis_names[] = "dhw";
const char *const augment_pad_modes[] = {"constant", "reflect", "replicate", "circular", NULL};

/* How far a sample may move along an axis: the first argument, for the axes that it has. */
static int64_t augment_beyond(const struct data_step *s, int rank, int axis)
{
    return axis < SHAPE_AXES - rank ? 0 : (int64_t)s->args.of[axis];
}

enum status augment_check_beyond(const struct data_step *s, struct shape in, bool may_be_none)
{
    enum pad_mode mode = (enum pad_mode)s->args.of[BEYOND_MODE];
    int64_t sum = 0;
    for (int a = 0; a < SHAPE_AXES; a++) {
        int64_t beyond = augment_beyond(s, in.rank, a);
        const struct pad p = {.in.d = {in.d[a]}, .mode = {mode}, .before = {beyond}, .after = {beyond}};
        sum += beyond;
        if (!pad_fits(&p, 0))
            return status_fail(STATUS_CONFIG,
                               "%lld positions beyond an axis of %lld are too many for mode %s",
                               (long long)beyond, (long long)in.d[a], augment_pad_modes[mode]);
    }
    if (sum > 0 || may_be_none) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "%s: is 0 for all axes of the samples", s->kind->args[0].name);
}

void augment_move_beyond(const struct data_step *s, struct rng_words w, int sign, int step,
                         struct shape result, struct geometry *g)
{
    enum pad_mode mode = (enum pad_mode)s->args.of[BEYOND_MODE];
    for (int a = 0; a < SHAPE_AXES; a++) {
        int64_t beyond = augment_beyond(s, g->from.rank, a), length = g->to.d[a], count = result.d[a];
        int64_t places = length + 2 * beyond - count + 1;
        int64_t first = sign * (augment_draw_integer(w.v[a], places) - beyond);
        const struct pad p = {.in.d = {length}, .mode = {mode}};
        if (first == 0 && count == length) continue;
        for (int64_t i = 0; i < count; i++) {
            int64_t place = pad_source(&p, 0, first + i);
            g->next[i] = place < 0 ? geometry_outside(step) : (int32_t)place;
        }
        geometry_move(g, a, count);
    }
}
