/* slice.h - some of the samples of a source: first, first + step, ... */
#ifndef DATA_SOURCE_SLICE_H
#define DATA_SOURCE_SLICE_H

#include <stdint.h>

#include "core/status.h"

struct slice {
    int64_t first, step, count; /* step >= 1 */
};

/* Samples first .. first+count-1 of a slice, which is numbered from 0. */
static inline struct slice slice_part(struct slice s, int64_t first, int64_t count)
{
    return (struct slice){s.first + first * s.step, s.step, count};
}

static inline int64_t slice_at(struct slice s, int64_t i)
{
    return s.first + i * s.step;
}

/* Cuts "[...]" off the end of a locator, unless it belongs to the name of a file; NULL = there is none. What is returned
 * points behind the bracket that was cut. */
char *slice_cut(char *locator);

/* The slice that `text`, such as "-100:]" or "4::5]", means for so many samples, as Python reads it, but with a positive
 * step, within the samples, and not empty. NULL = all. Errors: STATUS_DATA, without the locator. */
enum status slice_parse(const char *text, int64_t samples, struct slice *out);

#endif
