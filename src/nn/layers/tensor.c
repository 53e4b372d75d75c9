/* tensor.c - names of parameters, and patterns that choose some. */
#include "nn/layers/tensor.h"

#include <stdio.h>
#include <string.h>

#define NEAREST 3 /* names in the message about a pattern that matches nothing */

void tensor_name(const struct layer *l, const struct tensor *t, char name[TENSOR_NAME])
{
    snprintf(name, TENSOR_NAME, "%0*d.%.40s/%.20s", l->index_digits, l->index, l->ops->name, t->name);
}

/* Writes "stem/weight"; false if the layer has no name of its user. */
static bool tensor_own_name(const struct layer *l, const struct tensor *t, char name[TENSOR_NAME])
{
    if (l->name) snprintf(name, TENSOR_NAME, "%.63s/%.20s", l->name, t->name);
    return l->name != NULL;
}

bool tensor_matches(const struct layer *l, const struct tensor *t, const char *pattern)
{
    char name[TENSOR_NAME];
    if (t->role != TENSOR_WEIGHT) return false;
    tensor_name(l, t, name);
    if (pattern_matches(pattern, name)) return true;
    if (!l->name) return false;
    tensor_own_name(l, t, name);
    if (pattern_matches(pattern, name)) return true;
    snprintf(name, TENSOR_NAME, "%0*d.%.63s/%.20s", l->index_digits, l->index, l->name, t->name);
    return pattern_matches(pattern, name);
}

bool tensor_matches_any(const struct layer *l, const struct tensor *t, const struct patterns *patterns)
{
    for (int i = 0; i < patterns->count; i++)
        if (tensor_matches(l, t, patterns->text[i])) return true;
    return false;
}

/* The names most like a pattern, the best first. */
struct tensor_nearest {
    const char *pattern;
    int count, likeness[NEAREST];
    char names[NEAREST][TENSOR_NAME];
};

static void tensor_offer(struct tensor_nearest *n, const char *name)
{
    int likeness = pattern_likeness(n->pattern, name), at = n->count;
    while (at > 0 && n->likeness[at - 1] < likeness) at--;
    if (at == NEAREST) return;
    if (n->count < NEAREST) n->count++;
    for (int i = n->count - 1; i > at; i--) {
        n->likeness[i] = n->likeness[i - 1];
        memcpy(n->names[i], n->names[i - 1], sizeof n->names[i]);
    }
    n->likeness[at] = likeness;
    snprintf(n->names[at], sizeof n->names[at], "%s", name);
}

static enum status tensor_fail_unmatched(const char *key, const struct tensor_nearest *n)
{
    char list[NEAREST * (TENSOR_NAME + 2)] = "";
    size_t used = 0;
    for (int i = 0; i < n->count; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", n->names[i]);
    return status_fail(STATUS_CONFIG, "%s: '%s' matches no parameter of the model%s%s", key, n->pattern,
                       n->count ? "; the nearest names: " : ", which has none", list);
}

enum status tensor_check_pattern(const char *key, const char *pattern, const struct layer *layers,
                                 int layer_count)
{
    struct tensor_nearest nearest = {.pattern = pattern};
    for (int i = 0; i < layer_count; i++)
        for (int k = 0; k < layer_own_tensors(&layers[i]); k++) {
            const struct layer *l = &layers[i];
            const struct tensor *t = &l->tensors[k];
            char name[TENSOR_NAME];
            if (tensor_matches(l, t, pattern)) return STATUS_OK;
            if (t->role != TENSOR_WEIGHT) continue;
            if (!tensor_own_name(l, t, name)) tensor_name(l, t, name);
            tensor_offer(&nearest, name);
        }
    return tensor_fail_unmatched(key, &nearest);
}
