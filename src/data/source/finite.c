/* finite.c - refuses NaN and Inf. */
#include "data/source/finite.h"

#include <inttypes.h>
#include <math.h>

/* One pass over the exponents, which the compiler vectorizes; the culprit is looked for only if there is
 * one. */
enum status finite_check(const char *where, struct range part, int64_t width, const float *x,
                         const char *what)
{
    int64_t total = part.count * width;
    int bad = 0;
    for (int64_t i = 0; i < total; i++) bad |= !isfinite(x[i]);
    if (!bad) return STATUS_OK;
    int64_t i = 0;
    while (isfinite(x[i])) i++;
    return status_fail(STATUS_DATA, "%s: sample %" PRId64 " holds %s (%s %" PRId64 "); clean the data first",
                       where, range_at(part, i / width),
                       isnan(x[i]) ? "NaN" : "Inf, or a value beyond float32", what, i % width);
}
