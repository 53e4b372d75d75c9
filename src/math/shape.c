/* shape.c - shapes as text. */
#include "math/shape.h"

#include <inttypes.h>
#include <stdio.h>

void shape_text(struct shape s, char text[SHAPE_TEXT])
{
    int64_t dims[1 + SHAPE_AXES];
    int count = shape_dims(s, dims), used = 0;
    for (int i = 0; i < count; i++)
        used += snprintf(text + used, SHAPE_TEXT - (size_t)used, "%s%" PRId64, i ? " x " : "", dims[i]);
}
