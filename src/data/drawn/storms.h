/* storms.h - weather on a map in 16 channels, as DeepCAM's: where are cyclones and rivers of moist air?
 *
 * Wind along two axes, pressure, moisture and temperature, mixed into 16 channels with noise. A cyclone is a
 * low around which wind turns, a river a long moist band. Lows without turning wind, round moist clouds, and
 * large smooth waves in every field look like them at a pixel. */
#ifndef DATA_DRAWN_STORMS_H
#define DATA_DRAWN_STORMS_H

#include <stdint.h>

#define STORMS_CHANNELS   16
#define STORMS_CLASSES    3
#define STORMS_HEIGHT_MIN 32
#define STORMS_HEIGHT_MAX 768

const char *const *storms_class_names(void); /* [STORMS_CLASSES] */

/* The map is half again as wide as it is high. */
static inline int64_t storms_width(int64_t height)
{
    return height * 3 / 2;
}

/* Draws a sample: x [STORMS_CHANNELS][height][width], and labels [height][width]. */
void storms_draw(int64_t height, uint64_t sample, uint8_t *x, int32_t *labels);

#endif
