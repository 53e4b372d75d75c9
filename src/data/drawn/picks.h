/* picks.h - recordings of earthquakes: when do the two waves arrive?
 *
 * Three sensors (two horizontal, one vertical) record a first wave, mostly vertical, and a second, slower and
 * stronger one, mostly horizontal, over a hum and noise; also a short knock that is neither. The labels are
 * probabilities of each instant: a Gaussian of deviation 20 around each arrival, the rest is noise. */
#ifndef DATA_DRAWN_PICKS_H
#define DATA_DRAWN_PICKS_H

#include <stdint.h>

#define PICKS_CHANNELS   3
#define PICKS_CLASSES    3
#define PICKS_LENGTH_MIN 512
#define PICKS_LENGTH_MAX 16384

const char *const *picks_class_names(void); /* [PICKS_CLASSES] */

/* Draws a sample: x [PICKS_CHANNELS][length], and probabilities labels [PICKS_CLASSES][length], which sum up
 * to exactly 1 at each instant. */
void picks_draw(int64_t length, uint64_t sample, float *x, float *labels);

#endif
