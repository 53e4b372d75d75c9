/* finite.h - data without NaN and Inf. */
#ifndef DATA_SOURCE_FINITE_H
#define DATA_SOURCE_FINITE_H

#include "data/source/range.h"

/* STATUS_DATA if one of x [part.count][width] is not finite, naming "FILE: OBJECT", the sample and the
 * column, which is called `what`. */
enum status finite_check(const char *where, struct range part, int64_t width, const float *x,
                         const char *what);

#endif
