/* shape.h - the dimension legend of the whole program.
 *
 *   N   lanes: the samples of one virtual rank's batch, rounded up to a multiple of 16, innermost
 *   C,H,W   channels, height, width of one sample; F = C*H*W features
 *   K   classes
 * An activation is [C][H][W][N]. A tabular sample of F features is C = F, H = W = 1. */
#ifndef MATH_SHAPE_H
#define MATH_SHAPE_H

#include <stdint.h>

struct shape {
    int64_t c, h, w;
};

static inline int64_t shape_features(struct shape s)
{
    return s.c * s.h * s.w;
}

/* Lanes that hold `samples` samples. */
static inline int64_t shape_lanes(int64_t samples)
{
    return (samples + 15) / 16 * 16;
}

#endif
