/* cut.c - sizes and places of parts of samples. */
#include "data/cut.h"

enum status cut_find_shape(const double *size, struct shape in, struct shape *out)
{
    bool given = false;
    char text[SHAPE_TEXT];
    *out = in;
    shape_text(in, text);
    for (int a = SHAPE_AXES - in.rank; a < SHAPE_AXES; a++) {
        int64_t count = (int64_t)size[a];
        if (count > in.d[a])
            return status_fail(STATUS_CONFIG, "size: %lld is larger than the samples, %s", (long long)count,
                               text);
        if (count > 0) out->d[a] = count;
        given |= count > 0;
    }
    if (given) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "size: is 0 for all axes of the samples, %s", text);
}

int64_t cut_find_middle(int64_t length, int64_t count)
{
    int64_t around = length - count, half = around / 2;
    return around % 2 == 1 && half % 2 == 1 ? half + 1 : half; /* half to even */
}
