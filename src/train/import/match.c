/* match.c - which tensor of the model is which of the file, by name. */
#include <string.h>

#include "train/import/private.h"

/* Returns the length of what all names have in common in front, up to a dot. */
static size_t match_common(const struct import *s)
{
    const char *first = NULL;
    size_t length = 0;
    for (int64_t i = 0; i < s->theirs_count; i++) {
        const char *name = s->theirs[i].entry->name;
        if (s->theirs[i].ignored) continue;
        if (!first) first = name, length = strlen(name);
        size_t same = 0;
        while (same < length && first[same] == name[same]) same++;
        length = same;
    }
    while (length > 0 && first[length - 1] != '.') length--;
    return length;
}

/* Renames what the user says. A rule that matches no name is a mistake. */
static enum status match_rename(struct import *s)
{
    for (int r = 0; s->renames && r < s->renames->count; r++) {
        const struct import_rename *rule = &s->renames->rules[r];
        bool used = false;
        for (int64_t i = 0; i < s->theirs_count; i++) {
            struct import_theirs *t = &s->theirs[i];
            char name[IMPORT_NAME];
            if (!pattern_translate(rule->theirs, rule->ours, t->entry->name, name, sizeof name)) continue;
            used = true;
            if (!*t->renamed) memcpy(t->renamed, name, sizeof name);
        }
        if (!used)
            return status_fail(STATUS_CONFIG, "%s: '%s' matches no tensor in %s", s->renames->path,
                               rule->theirs, s->path);
    }
    for (int64_t i = 0; i < s->theirs_count; i++)
        if (strcmp(s->theirs[i].renamed, IMPORT_NOTHING) == 0) s->theirs[i].ignored = true;
    return STATUS_OK;
}

/* How alike two names must be. */
enum alike { ALIKE_RENAMED, ALIKE_SAME, ALIKE_UNWRAPPED, ALIKE_UNPREFIXED, ALIKE_COUNT };

static bool match_names(const struct import_ours *ours, const struct import_theirs *theirs, enum alike how,
                        size_t common)
{
    const char *name = theirs->entry->name;
    if (how == ALIKE_RENAMED) return strcmp(ours->name, theirs->renamed) == 0;
    if (*theirs->renamed) return false;
    if (how == ALIKE_SAME) return strcmp(ours->name, name) == 0;
    if (how == ALIKE_UNWRAPPED) return strcmp(import_unwrap(ours->name), import_unwrap(name)) == 0;
    return strcmp(ours->name, name + common) == 0;
}

static void match_by_names(struct import *s)
{
    size_t common = match_common(s);
    for (int how = 0; how < ALIKE_COUNT; how++)
        for (int64_t i = 0; i < s->ours_count; i++)
            for (int64_t k = 0; k < s->theirs_count && s->ours[i].match < 0; k++)
                if (!s->theirs[k].ignored && s->theirs[k].match < 0 &&
                    match_names(&s->ours[i], &s->theirs[k], (enum alike)how, common))
                    import_pair(s, i, k, false);
}

/* Finds whether all of the model's tensors fit; returns whether a pair is not sure. */
static bool match_is_unsure(const struct import *s, bool *all_fit)
{
    bool unsure = false;
    *all_fit = true;
    for (int64_t i = 0; i < s->ours_count; i++) {
        int64_t k = s->ours[i].match;
        if (k < 0 || !import_fits(s, i, k)) *all_fit = false;
        unsure = unsure || (k >= 0 && !import_is_sure(s, i));
    }
    return unsure;
}

enum status import_match(struct import *s)
{
    bool all_fit;
    TRY(match_rename(s));
    match_by_names(s);
    bool unsure = match_is_unsure(s, &all_fit);
    if (!all_fit && unsure) TRY(import_match_order(s, true));
    (void)match_is_unsure(s, &all_fit);
    return all_fit ? STATUS_OK : import_match_order(s, false);
}
