/* glyph.h - one digit of the demo data, drawn as strokes. */
#ifndef DATA_DEMO_GLYPH_H
#define DATA_DEMO_GLYPH_H

#include "data/demo/demo.h"

/* Draws digit 0..9 into image [28][28], a pure function of digit and sample. */
void glyph_draw(int digit, uint64_t sample, uint8_t *image);

#endif
