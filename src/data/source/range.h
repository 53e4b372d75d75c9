/* range.h - some of the samples of a source: first, first + step, ... */
#ifndef DATA_SOURCE_RANGE_H
#define DATA_SOURCE_RANGE_H

#include <stdint.h>

#include "core/status.h"

struct range {
    int64_t first, step, count; /* step >= 1 */
};

/* Samples first .. first+count-1 of a range, which is numbered from 0. */
static inline struct range range_part(struct range s, int64_t first, int64_t count)
{
    return (struct range){s.first + first * s.step, s.step, count};
}

static inline int64_t range_at(struct range s, int64_t i)
{
    return s.first + i * s.step;
}

/* Cuts "[...]" off the end of a locator, unless it belongs to the name of a file; NULL = there is none.
 * What is returned points behind the bracket that was cut. */
char *range_cut(char *locator);

/* Reads `text`, such as "-100:]" or "4::5]", as Python reads a slice of `samples` elements, but with a
 * positive step, within the samples, and not empty. NULL = all. Errors: STATUS_DATA, without the locator. */
enum status range_parse(const char *text, int64_t samples, struct range *out);

#endif
