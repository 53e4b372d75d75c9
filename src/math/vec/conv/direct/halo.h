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

/* A convolution of stride 1 or one that is only read with a stride: axes, and how panels are laid out. */
struct halo {
    struct axis axis[SHAPE_AXES];
    int64_t lanes;
    bool gapless; /* a copy for each tap along the width, so that rows lie side by side */
    struct slots slots[SHAPE_AXES];
    int64_t row, plane, group, channel; /* floats from one to the next */
};

/* Lays out the panel of a block. */
static inline void halo_lay_out(struct halo *h, const int64_t count[SHAPE_AXES])
{
    for (int i = 0; i < SHAPE_AXES; i++)
        h->slots[i] = axis_slots(&h->axis[i], count[i], i == AXIS_W && h->gapless);
    h->row = h->slots[AXIS_W].length * h->lanes;
    h->plane = h->row * h->slots[AXIS_H].groups * h->slots[AXIS_H].length;
    h->group = h->plane * h->slots[AXIS_D].groups * h->slots[AXIS_D].length;
    h->channel = (h->group * h->slots[AXIS_W].groups + 15) / 16 * 16 + 16; /* copies write whole registers */
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
