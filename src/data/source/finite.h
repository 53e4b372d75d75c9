/* finite.h - data without NaN and Inf, and without fill values where none may be missing. */
#ifndef DATA_SOURCE_FINITE_H
#define DATA_SOURCE_FINITE_H

#include "data/source/h5/find.h"

/* STATUS_DATA if one of x [part.count][width], read from `f`, is not finite, naming "FILE: OBJECT", the sample and the
 * column, which is called `what`. With `may_miss` NaN, which stands for fill values as well, is fine. `remedy`
 * ends the message about what is missing. */
enum status finite_check(const struct found *f, struct range part, int64_t width, const float *x,
                         const char *what, bool may_miss, const char *remedy);

/* The same of bytes as stored, which only fill values keep from being numbers. */
enum status finite_check_bytes(const struct found *f, struct range part, int64_t width, const uint8_t *x,
                               const char *remedy);

#endif
