/* cut.h - parts of samples that a configuration gives by their size. Local functions. */
#ifndef DATA_CUT_H
#define DATA_CUT_H

#include "core/status.h"
#include "math/shape.h"

/* Finds the shape of a part; size[SHAPE_AXES] is that of an argument with axes, 0 = all of an axis. Errors:
 * STATUS_CONFIG if it is larger than the sample, or 0 for all its axes. */
enum status cut_find_shape(const double *size, struct shape in, struct shape *out);

/* Returns the first of the middle `count` of `length` positions, rounded as in torchvision's CenterCrop. */
int64_t cut_find_middle(int64_t length, int64_t count);

#endif
