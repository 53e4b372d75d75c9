/* shapes.h - images of discs, squares and triangles: what is at each pixel?
 *
 * Two to six shapes of random place, size and angle, lighter or darker than a ground that grows lighter to one
 * side, with lines that are no shapes, and noise. A pixel's brightness says nothing about its class. */
#ifndef DATA_DRAWN_SHAPES_H
#define DATA_DRAWN_SHAPES_H

#include <stdint.h>

#define SHAPES_CLASSES  4
#define SHAPES_SIDE_MIN 32
#define SHAPES_SIDE_MAX 512

const char *const *shapes_class_names(void); /* [SHAPES_CLASSES] */

/* Draws a sample: x [side][side], and the class of each pixel's centre, labels [side][side]. */
void shapes_draw(int64_t side, uint64_t sample, uint8_t *x, int32_t *labels);

#endif
