/* demo.h - the built-in data set: hand-drawn-looking digits, drawn by the program.
 *
 * 60 000 + 10 000 grey images of 28 x 28, ten balanced classes in random order, with random stroke width,
 * slant, rotation, scale, shift, shape, clutter, contrast and noise. A pure function of the sample's number
 * in integer arithmetic, hence the same bytes on every machine. Local functions. */
#ifndef DATA_DEMO_DEMO_H
#define DATA_DEMO_DEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

#define DEMO_SIDE    28
#define DEMO_PIXELS  (DEMO_SIDE * DEMO_SIDE)
#define DEMO_CLASSES 10

enum demo_split { DEMO_TRAIN, DEMO_TEST };

/* "train" or "test", its number of samples, and the names of the classes [DEMO_CLASSES]. */
const char *demo_split_name(enum demo_split split);
int64_t demo_samples(enum demo_split split);
const char *const *demo_class_names(void);

/* Draws samples first .. first+count-1: images [count][28][28], labels [count]. */
void demo_draw(enum demo_split split, int64_t first, int64_t count, uint8_t *images, int32_t *labels);

/* Writes groups train and test, each with images (N,1,28,28) and labels (N,) with class_names, into one HDF5
 * file. An existing file is STATUS_CONFIG unless `overwrite`. */
enum status demo_write(const char *path, bool overwrite);

#endif
