/* sine.h - a sine in integer arithmetic. */
#ifndef DATA_DRAWN_SINE_H
#define DATA_DRAWN_SINE_H

#include <stdint.h>

#define SINE_ONE 16384

/* SINE_ONE times the sine of `phase` / 2^32 of a circle, to 0.2 %: a parabola and its square. */
static inline int sine_of(uint32_t phase)
{
    int x = (int)(phase >> 16);
    if (x >= 32768) x -= 65536; /* -32768..32767 is half a circle to either side */
    int y = x * (32768 - (x < 0 ? -x : x)) / SINE_ONE;
    int square = y * (y < 0 ? -y : y) / SINE_ONE;
    return y + (square - y) * 3686 / SINE_ONE;
}

#endif
