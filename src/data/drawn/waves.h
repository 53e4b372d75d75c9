/* waves.h - recordings of waves with noise: which of ten events is in it?
 *
 * Three sensors record an event of random frequency, phase, strength, beginning, and duration, each with its
 * own gain and delay, a drift, and noise that is about as strong as the event. The mean of a class over all
 * phases is zero everywhere, so no linear model tells the classes apart. */
#ifndef DATA_DRAWN_WAVES_H
#define DATA_DRAWN_WAVES_H

#include <stdint.h>

#define WAVES_CHANNELS   3
#define WAVES_CLASSES    10
#define WAVES_LENGTH_MIN 128
#define WAVES_LENGTH_MAX 65536

const char *const *waves_class_names(void); /* [WAVES_CLASSES] */

/* Draws a sample: x [WAVES_CHANNELS][length], of deviation 1 to 2, and its class. */
void waves_draw(int64_t length, uint64_t sample, float *x, int32_t *label);

#endif
