/* pair.c - a tensor of the model and one of the file: whether they fit, and that they belong together. */
#include "train/import/private.h"

bool import_fits(const struct import *s, int64_t ours, int64_t theirs)
{
    const struct tensor *t = s->ours[ours].tensor;
    const struct archive_entry *e = s->theirs[theirs].entry;
    bool fits = !*e->problem && e->rank == t->rank;
    for (int i = 0; fits && i < t->rank; i++) fits = e->dims[i] == t->dims[i];
    return fits;
}

void import_pair(struct import *s, int64_t ours, int64_t theirs, bool by_order)
{
    s->ours[ours].match = theirs;
    s->ours[ours].by_order = by_order;
    s->theirs[theirs].match = ours;
}
