/* geometry.h - where the positions of a changed sample come from: for each axis a table of places in the sample as
 * stored, so that any number of moves cost one copy. Local functions. */
#ifndef DATA_AUGMENT_GEOMETRY_H
#define DATA_AUGMENT_GEOMETRY_H

#include "core/status.h"
#include "math/kernels.h"
#include "math/shape.h"

struct geometry {
    struct shape from;       /* of the sample as stored */
    struct shape to;         /* of the result so far; no axis becomes longer than it was */
    int axis[SHAPE_AXES];    /* along which stored axis each of its axes runs */
    int32_t *at[SHAPE_AXES]; /* [to.d[a]]: the place there, or geometry_outside */
    int32_t *next;           /* [longest axis]: for the next move */
    int32_t *memory;         /* of all tables */
};

/* A position that lies outside of the sample, to be filled as step `step` says. */
static inline int32_t geometry_outside(int step)
{
    return -1 - step;
}

/* Allocates tables for samples of this shape. Errors: STATUS_OTHER, memory; STATUS_DATA, too long an axis. */
enum status geometry_init(struct geometry *g, struct shape from);
void geometry_free(struct geometry *g);

/* Begins with a sample as it is stored. */
void geometry_begin(struct geometry *g);

/* Applies a move along an axis, which then has `length` places: place i becomes place g->next[i] of before, which the
 * caller has filled in. */
void geometry_move(struct geometry *g, int axis, int64_t length);

/* Keeps `length` places of an axis. */
void geometry_cut(struct geometry *g, int axis, int64_t first, int64_t length);

/* Reverses an axis; exchanges two axes of the same length. */
void geometry_reverse(struct geometry *g, int axis);
void geometry_swap(struct geometry *g, int a, int b);

/* Copies `channels` channels of bytes or of words of 4 bytes; fill[step] is for positions outside. */
void geometry_copy_bytes(const struct geometry *g, const struct kernels *k, int64_t channels,
                         const uint8_t *from, const uint8_t *fill, uint8_t *to);
void geometry_copy_words(const struct geometry *g, const struct kernels *k, int64_t channels,
                         const uint32_t *from, const uint32_t *fill, uint32_t *to);

#endif
