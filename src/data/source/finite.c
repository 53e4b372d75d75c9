/* finite.c - refuses NaN, Inf and fill values. */
#include "data/source/finite.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>

static enum status finite_refuse_fill(const struct found *f, int64_t sample, double fill, const char *what,
                                      int64_t column, const char *remedy)
{
    return status_fail(STATUS_DATA,
                       "%s: sample %" PRId64 " holds its fill value %.9g (%s %" PRId64
                       "); clean the data, or %s",
                       f->where, sample, fill, what, column, remedy);
}

/* One pass over the exponents, which the compiler vectorizes; the culprit is looked for only if there is
 * one. */
enum status finite_check(const struct found *f, struct range part, int64_t width, const float *x,
                         const char *what, bool may_miss, const char *remedy)
{
    int64_t total = part.count * width;
    int bad = 0;
    if (may_miss)
        for (int64_t i = 0; i < total; i++) bad |= fabsf(x[i]) == INFINITY;
    else
        for (int64_t i = 0; i < total; i++) bad |= !isfinite(x[i]);
    if (!bad) return STATUS_OK;
    int64_t i = 0;
    while (isfinite(x[i]) || (may_miss && isnan(x[i]))) i++;
    int64_t sample = range_at(part, i / width);
    const struct h5_number *fill = isnan(x[i]) ? h5_fill_of(h5_data_packing(f->data), x[i]) : NULL;
    if (fill) return finite_refuse_fill(f, sample, fill->real, what, i % width, remedy);
    return status_fail(STATUS_DATA,
                       "%s: sample %" PRId64 " holds %s (%s %" PRId64 "); clean the data first%s%s", f->where,
                       sample, isnan(x[i]) ? "NaN" : "Inf, or a value beyond float32", what, i % width,
                       isnan(x[i]) ? ", or " : "", isnan(x[i]) ? remedy : "");
}

enum status finite_check_bytes(const struct found *f, struct range part, int64_t width, const uint8_t *x,
                               const char *remedy)
{
    const struct h5_packing *p = h5_data_packing(f->data);
    for (int k = 0; k < p->fill_count; k++)
        for (int64_t i = 0; i < part.count * width; i++)
            if (x[i] == p->fills[k].real)
                return finite_refuse_fill(f, range_at(part, i / width), p->fills[k].real, "feature",
                                          i % width, remedy);
    return STATUS_OK;
}
