/* pickle_walk.c - finds the state_dict in the values of a pickle, and its tensors. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "io/archive/pickle_private.h"

#define DEPTH_MAX 8       /* of dictionaries in dictionaries */
#define ITEMS_MAX 1000000 /* that are looked at: a dictionary may hold another one many times */

struct walk {
    const struct pickle *p;
    enum status (*each)(void *self, const char *name, const struct pickle_tensor *t);
    void *self;
    int64_t seen;
};

static const char *const holders[] = {"state_dict", "model_state_dict", "model_state", "model", "module",
                                      "net",        "network",          "weights",     "params"};

/* The value of a text key in a dictionary, -1 = there is none. The last one counts, as in Python. */
static int walk_find(const struct pickle *p, const struct pickle_value *dict, const char *key)
{
    int found = -1;
    for (int i = dict->first; i >= 0; i = p->items[p->items[i].next].next) {
        const struct pickle_value *k = &p->values[p->items[i].value];
        if (k->kind == PICKLE_TEXT && (size_t)k->length == strlen(key) &&
            memcmp(k->text, key, strlen(key)) == 0)
            found = p->items[p->items[i].next].value;
    }
    return found;
}

static const struct pickle_value *walk_find_state(const struct pickle *p)
{
    const struct pickle_value *dict = &p->values[p->root];
    for (int depth = 0; depth < DEPTH_MAX; depth++) {
        const struct pickle_value *inner = NULL;
        for (size_t i = 0; dict->kind == PICKLE_DICT && !inner && i < sizeof holders / sizeof *holders; i++) {
            int value = walk_find(p, dict, holders[i]);
            if (value >= 0 && p->values[value].kind == PICKLE_DICT) inner = &p->values[value];
        }
        if (!inner) break;
        dict = inner;
    }
    return dict;
}

static enum status walk_lengths(const struct pickle *p, int tuple, int64_t out[ARCHIVE_RANK], int *rank)
{
    *rank = 0;
    for (int i = p->values[tuple].first; i >= 0; i = p->items[i].next) {
        const struct pickle_value *v = &p->values[p->items[i].value];
        if (v->kind != PICKLE_INT || v->whole < 0)
            return status_fail(STATUS_DATA, "the shape of a tensor is not of whole numbers");
        if (*rank == ARCHIVE_RANK)
            return status_fail(STATUS_DATA, "a tensor has more than %d axes", ARCHIVE_RANK);
        out[(*rank)++] = v->whole;
    }
    return STATUS_OK;
}

static enum status walk_tensor(const struct walk *w, const char *name, const struct pickle_value *v)
{
    const struct pickle *p = w->p;
    const struct pickle_value *storage = &p->values[v->parts[0]], *key = &p->values[storage->parts[0]];
    struct pickle_tensor t = {.stored = storage->whole, .offset = p->values[v->parts[1]].whole};
    int rank;
    TRY(walk_lengths(p, v->parts[2], t.dims, &t.rank));
    TRY(walk_lengths(p, v->parts[3], t.strides, &rank));
    if (rank != t.rank || t.offset < 0 || t.stored < 0 || key->length >= (int64_t)sizeof t.key ||
        memchr(key->text, '\0', (size_t)key->length))
        return status_fail(STATUS_DATA, "%s: its data.pkl describes it wrongly", name);
    snprintf(t.storage, sizeof t.storage, "%.*s", (int)storage->length, storage->text);
    snprintf(t.key, sizeof t.key, "%.*s", (int)key->length, key->text);
    return w->each(w->self, name, &t);
}

/* Appends ".KEY" to a name of `length` bytes. */
static enum status walk_add_key(char name[ARCHIVE_NAME], size_t length, const struct pickle_value *key)
{
    int written =
        key->kind == PICKLE_TEXT
            ? snprintf(name + length, ARCHIVE_NAME - length, "%s%.*s", length ? "." : "",
                       key->length < ARCHIVE_NAME ? (int)key->length : ARCHIVE_NAME, key->text)
            : snprintf(name + length, ARCHIVE_NAME - length, "%s%" PRId64, length ? "." : "", key->whole);
    if (written >= 0 && length + (size_t)written < ARCHIVE_NAME) return STATUS_OK;
    return status_fail(STATUS_DATA, "a name of more than %d bytes", ARCHIVE_NAME - 1);
}

static enum status walk_dict(struct walk *w, const struct pickle_value *dict, char name[ARCHIVE_NAME],
                             int depth)
{
    const struct pickle *p = w->p;
    size_t length = strlen(name);
    if (depth == DEPTH_MAX) return status_fail(STATUS_DATA, "its dictionaries are nested too deeply");
    for (int i = dict->first; i >= 0; i = p->items[p->items[i].next].next) {
        const struct pickle_value *key = &p->values[p->items[i].value],
                                  *v = &p->values[p->items[p->items[i].next].value];
        if (++w->seen > ITEMS_MAX)
            return status_fail(STATUS_DATA, "its data.pkl has more than %d items", ITEMS_MAX);
        if (v->kind != PICKLE_TENSOR && v->kind != PICKLE_DICT) continue;
        if (key->kind != PICKLE_TEXT && key->kind != PICKLE_INT) continue;
        TRY(walk_add_key(name, length, key));
        TRY(v->kind == PICKLE_TENSOR ? walk_tensor(w, name, v) : walk_dict(w, v, name, depth + 1));
        name[length] = '\0';
    }
    return STATUS_OK;
}

enum status pickle_each_tensor(const struct pickle *p,
                               enum status (*each)(void *self, const char *name,
                                                   const struct pickle_tensor *t),
                               void *self)
{
    char name[ARCHIVE_NAME] = "";
    struct walk w = {.p = p, .each = each, .self = self};
    const struct pickle_value *state = walk_find_state(p);
    if (state->kind != PICKLE_DICT)
        return status_fail(STATUS_DATA, "holds no state_dict: save torch.save(model.state_dict(), FILE)");
    return walk_dict(&w, state, name, 0);
}
