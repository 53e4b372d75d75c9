/* generated.c - what the sources have in common whose samples are computed, not read. */
#include <stdio.h>

#include "data/source/ops.h"

void source_describe_labels(struct source *s, bool integers, int rank, const int64_t *dims)
{
    s->info.has_labels = true;
    s->info.label_integers = integers;
    s->info.label_rank = rank;
    s->info.label_width = rank ? 1 : 0;
    for (int i = 0; i < rank; i++) {
        s->info.label_dims[i] = dims[i];
        s->info.label_width *= dims[i];
    }
    snprintf(s->info.label_type, sizeof s->info.label_type, integers ? "int32" : "float32");
    s->info.label_where = s->locator;
}
