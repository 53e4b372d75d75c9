/* generated.c - what the sources have in common whose samples are computed, not read. */
#include <stdio.h>

#include "data/source/ops.h"

void source_describe_labels(struct source *s)
{
    s->info.has_labels = true;
    s->info.label_integers = true;
    snprintf(s->info.label_type, sizeof s->info.label_type, "int32");
    s->info.label_where = s->locator;
}

void source_describe_targets(struct source *s, int64_t width)
{
    s->info.has_labels = true;
    s->info.label_width = width;
    snprintf(s->info.label_type, sizeof s->info.label_type, "float32");
    s->info.label_where = s->locator;
}
