/* halo.h - panels: a block of the source with zeros around it.
 *
 * A block is a box of results along the three axes; for each channel of the source its panel has all they see, the
 * padding as zeros, so that a tap is one offset for the whole block. A channel of the panel is
 * [groups along the width][slots along the depth][slots along the height][slots along the width][lanes]. */
#ifndef MATH_VEC_CONV_DIRECT_HALO_H
#define MATH_VEC_CONV_DIRECT_HALO_H

#include "math/vec/conv/direct/axis.h"

/* A box of results. */
struct block {
    int64_t first[SHAPE_AXES], count[SHAPE_AXES];
};

/* Axes, and how panels are laid out; the source itself is the panel where registers lie within a position, and so
 * none sees both source and padding through a tap. */
struct halo {
    struct axis axis[SHAPE_AXES];
    int64_t lanes;
    bool in_place;
    bool gapless; /* a copy for each tap along the width, so that rows lie side by side */
    struct slots slots[SHAPE_AXES];
    int64_t slot[SHAPE_AXES], step[SHAPE_AXES]; /* floats from one slot, and from one result, to the next */
    int64_t group, channel;                     /* of the panel: floats from one to the next */
    int64_t source;                             /* floats of a channel of the source */
};

/* Lays out the panel of a block. */
static inline void halo_lay_out(struct halo *h, const int64_t count[SHAPE_AXES])
{
    int64_t floats = h->lanes;
    h->source = floats * h->axis[AXIS_D].size * h->axis[AXIS_H].size * h->axis[AXIS_W].size;
    for (int i = SHAPE_AXES - 1; i >= 0; i--) {
        const struct slots *s = &h->slots[i];
        h->slots[i] = axis_slots(&h->axis[i], count[i], i == AXIS_W && h->gapless);
        h->slot[i] = floats, h->step[i] = h->in_place ? floats * h->axis[i].stride : floats;
        floats *= h->in_place ? h->axis[i].size : i == AXIS_W ? s->length : s->length * s->groups;
    }
    h->group = floats;
    h->channel =
        h->in_place ? floats : (floats * h->slots[AXIS_W].groups + 15) / 16 * 16 + 16; /* whole registers */
}

/* Copies a channel of the source. Writes up to a register behind the channel's slots. */
void LEVEL(halo_fill)(const struct halo *h, const struct block *b, const float *channel, float *panel);

/* The taps that registers do without, and those that two of them do. */
static inline uint64_t halo_skip(const uint64_t skip[SHAPE_AXES])
{
    return skip[AXIS_D] | skip[AXIS_H] << (2 * AXIS_SKIP_BITS) | skip[AXIS_W] << (4 * AXIS_SKIP_BITS);
}

static inline uint64_t halo_skip_both(uint64_t a, uint64_t b)
{
    uint64_t both = 0;
    for (int i = 0; i < 2 * SHAPE_AXES && a != b; i++) {
        uint64_t mask = (uint64_t)AXIS_SKIP_MAX << (i * AXIS_SKIP_BITS);
        both |= (a & mask) < (b & mask) ? a & mask : b & mask;
    }
    return a == b ? a : both;
}

/* Lists the taps but those to skip, in order: weights are `a_tap` apart. Returns how many. */
int64_t LEVEL(halo_list_taps)(const struct halo *h, const struct window *c, uint64_t skip, int64_t a_tap,
                              struct tap *taps);

#endif
