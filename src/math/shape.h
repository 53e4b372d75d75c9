/* shape.h - the dimension legend of the whole program.
 *
 *   N   lanes, innermost: the samples of a pass; with room for missing ones where slices have a multiple of 16
 *   C   channels
 *   D,H,W   depth, height, width of one sample; a 1-D sample of length L has W = L
 *   F   features: C*D*H*W
 *   K   outputs, such as classes
 * An activation is [C][D][H][W][N]. Spatial axes stand in d[] from the left, aligned at the last one, so that
 * a signal is an image of height 1 and an image a volume of depth 1; those that a sample does not have are
 * 1. */
#ifndef MATH_SHAPE_H
#define MATH_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#define SHAPE_AXES 3
enum shape_axis { AXIS_D, AXIS_H, AXIS_W };

struct shape {
    int64_t c;
    int rank; /* spatial axes: 0 (C), 1 (C,L), 2 (C,H,W) or 3 (C,D,H,W) */
    int64_t d[SHAPE_AXES];
};

/* Returns the shape of C features without spatial axes. */
static inline struct shape shape_flat(int64_t c)
{
    return (struct shape){c, 0, {1, 1, 1}};
}

/* Returns the shape of an image. */
static inline struct shape shape_2d(int64_t c, int64_t h, int64_t w)
{
    return (struct shape){c, 2, {1, h, w}};
}

/* Returns the shape (C, dims[0], ..., dims[rank - 1]). */
static inline struct shape shape_of(int64_t c, int rank, const int64_t *dims)
{
    struct shape s = {c, rank, {1, 1, 1}};
    for (int i = 0; i < rank; i++) s.d[SHAPE_AXES - rank + i] = dims[i];
    return s;
}

/* Returns C and the spatial axes as PyTorch orders them, in dims[1 + rank]; returns their number. */
static inline int shape_dims(struct shape s, int64_t dims[1 + SHAPE_AXES])
{
    dims[0] = s.c;
    for (int i = 0; i < s.rank; i++) dims[1 + i] = s.d[SHAPE_AXES - s.rank + i];
    return 1 + s.rank;
}

/* Positions of one channel. */
static inline int64_t shape_positions(struct shape s)
{
    return s.d[AXIS_D] * s.d[AXIS_H] * s.d[AXIS_W];
}

static inline int64_t shape_features(struct shape s)
{
    return s.c * shape_positions(s);
}

static inline bool shape_equal(struct shape a, struct shape b)
{
    return a.c == b.c && a.rank == b.rank && a.d[AXIS_D] == b.d[AXIS_D] && a.d[AXIS_H] == b.d[AXIS_H] &&
           a.d[AXIS_W] == b.d[AXIS_W];
}

/* Lanes of a virtual rank with `live` samples in a pass, where it may have up to `lanes`: where these are a multiple of
 * 16, all of them, so that several virtual ranks fit side by side; else one for each sample, and one for none. */
static inline int64_t shape_pass_lanes(int64_t lanes, int64_t live)
{
    if (lanes % 16 == 0) return lanes;
    return live > 0 ? live : 1;
}

/* Writes "C x D x H x W", as many axes as there are. */
#define SHAPE_TEXT 96
void shape_text(struct shape s, char text[SHAPE_TEXT]);

#endif
