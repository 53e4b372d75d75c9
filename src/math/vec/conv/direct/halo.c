/* halo.c - the panels of halo.h. */
#include "math/vec/conv/direct/halo.h"

#include "math/vec/positions.h"

/* Copies a row; fetches meanwhile what comes `ahead` floats later: rows are too short for the processor to foresee them. */
VEC_INLINE void halo_copy_row(float *to, const float *from, int64_t count, int64_t ahead)
{
    for (int64_t i = 0; i < count; i += 16) {
        __builtin_prefetch((const void *)((uintptr_t)(from + i) + (uintptr_t)ahead * sizeof *from));
        weave_copy(from + i, count - i < 16 ? count - i : 16, to + i);
    }
}

/* A row of slots: those before the source, in it, and behind it. */
static void halo_fill_row(const struct halo *h, int64_t x, const float *row, float *to)
{
    const struct axis *a = &h->axis[AXIS_W];
    const struct row_view v =
        row_view(a->size, h->lanes, a->stride, x, 0, h->slots[AXIS_W].length * h->lanes);
    if (a->stride > 1) {
        row_copy_view(&v, h->lanes, a->stride, row, to);
        return;
    }
    to = row_clear(v.before, to);
    halo_copy_row(to, row + v.from, v.count, h->source);
    row_clear(v.after, to + v.count);
}

/* The slots of a plane of the source, or of none (NULL). */
static void halo_fill_plane(const struct halo *h, const struct block *b, int64_t x, const float *plane,
                            float *to)
{
    const struct axis *a = &h->axis[AXIS_H];
    const struct slots *s = &h->slots[AXIS_H];
    int64_t row = h->axis[AXIS_W].size * h->lanes;
    for (int64_t group = 0; group < s->groups; group++) {
        int64_t y = axis_group(a, s, b->first[AXIS_H], group);
        for (int64_t i = 0; i < s->length; i++, y += a->stride, to += h->slot[AXIS_H])
            if (plane && y >= 0 && y < a->size)
                halo_fill_row(h, x, plane + y * row, to);
            else
                row_clear(h->slot[AXIS_H], to);
    }
}

void LEVEL(halo_fill)(const struct halo *h, const struct block *b, const float *channel, float *panel)
{
    const struct axis *a = &h->axis[AXIS_D];
    const struct slots *s = &h->slots[AXIS_D];
    int64_t plane = h->axis[AXIS_H].size * h->axis[AXIS_W].size * h->lanes;
    for (int64_t across = 0; across < h->slots[AXIS_W].groups; across++) {
        int64_t x = axis_group(&h->axis[AXIS_W], &h->slots[AXIS_W], b->first[AXIS_W], across);
        for (int64_t group = 0; group < s->groups; group++) {
            int64_t z = axis_group(a, s, b->first[AXIS_D], group);
            for (int64_t i = 0; i < s->length; i++, z += a->stride, panel += h->slot[AXIS_D])
                halo_fill_plane(h, b, x, z >= 0 && z < a->size ? channel + z * plane : NULL, panel);
        }
    }
}

/* The offset of a tap along an axis, where groups of slots are `group` floats apart. */
static int64_t halo_tap(const struct halo *h, int axis, int64_t k, int64_t group)
{
    const struct axis *a = &h->axis[axis];
    const struct slots *s = &h->slots[axis];
    if (h->in_place) return (a->base + k * a->ahead) * h->slot[axis];
    return axis_tap_group(a, s, k) * group + axis_tap_slot(a, s, k) * h->slot[axis];
}

int64_t LEVEL(halo_list_taps)(const struct halo *h, const struct window *c, uint64_t skip, int64_t a_tap,
                              struct tap *taps)
{
    int64_t range[SHAPE_AXES][2];
    for (int i = 0; i < SHAPE_AXES; i++, skip >>= 2 * AXIS_SKIP_BITS) {
        range[i][0] = (int64_t)(skip & AXIS_SKIP_MAX);
        range[i][1] = h->axis[i].taps - (int64_t)(skip >> AXIS_SKIP_BITS & AXIS_SKIP_MAX);
    }
    const struct axis *d = &h->axis[AXIS_D], *v = &h->axis[AXIS_H], *w = &h->axis[AXIS_W];
    int64_t count = 0;
    for (int64_t z = range[AXIS_D][0]; z < range[AXIS_D][1]; z++) {
        int64_t in_plane = (d->tap + z * d->step) * c->kernel[AXIS_H],
                plane = halo_tap(h, AXIS_D, z, h->slot[AXIS_D] * h->slots[AXIS_D].length);
        for (int64_t y = range[AXIS_H][0]; y < range[AXIS_H][1]; y++) {
            int64_t in_row = (in_plane + v->tap + y * v->step) * c->kernel[AXIS_W],
                    row = plane + halo_tap(h, AXIS_H, y, h->slot[AXIS_H] * h->slots[AXIS_H].length);
            for (int64_t x = range[AXIS_W][0]; x < range[AXIS_W][1]; x++)
                taps[count++] = (struct tap){(in_row + w->tap + x * w->step) * a_tap,
                                             row + halo_tap(h, AXIS_W, x, h->group)};
        }
    }
    return count;
}
