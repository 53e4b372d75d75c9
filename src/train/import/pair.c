/* pair.c - a tensor of the model and one of the file: whether they fit, that they belong together, and how sure that is. */
#include <ctype.h>
#include <string.h>

#include "train/import/private.h"

/* What wrappers put in front of all names. */
static const char *const wrappers[] = {"module.", "model.", "_orig_mod.", "state_dict.", "net.", "network."};

const char *import_unwrap(const char *name)
{
    for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++)
        if (strncmp(name, wrappers[i], strlen(wrappers[i])) == 0) {
            name += strlen(wrappers[i]);
            i = (size_t)-1; /* from the start again */
        }
    return name;
}

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

/* Whether the name of a layer, in front of the last dot, has a letter. */
static bool pair_has_word(const char *name)
{
    const char *dot = strrchr(name, '.');
    for (; dot && name < dot; name++)
        if (isalpha((unsigned char)*name) || (unsigned char)*name >= 0x80) return true;
    return false;
}

bool import_is_sure(const struct import *s, int64_t ours)
{
    const struct import_ours *o = &s->ours[ours];
    if (o->match < 0 || o->by_order) return false;
    return *s->theirs[o->match].renamed || pair_has_word(import_unwrap(o->name));
}
