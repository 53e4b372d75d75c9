/* fields.h - points in a periodic box, as counts per cell: how are they gathered?
 *
 * Some points lie in clusters, the others anywhere. Four numbers in [-1, 1] say how large clusters are, how
 * many points belong to one, whether they are long or flat along the last axis, and which part of all points
 * is in clusters. Four channels show the same clusters as they shrink. Every channel has the same number of
 * points, and every cell the same mean whatever the four numbers are, so no linear model finds them. */
#ifndef DATA_DRAWN_FIELDS_H
#define DATA_DRAWN_FIELDS_H

#include <stdint.h>

#define FIELDS_CHANNELS 4
#define FIELDS_TARGETS  4
#define FIELDS_SIDE_MIN 8
#define FIELDS_SIDE_MAX 256

const char *const *fields_target_names(void); /* [FIELDS_TARGETS] */

/* Draws a sample: the counts x [FIELDS_CHANNELS][side][side][side], and its targets. */
void fields_draw(int64_t side, uint64_t sample, uint8_t *x, float targets[FIELDS_TARGETS]);

#endif
