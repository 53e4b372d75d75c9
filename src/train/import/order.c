/* order.c - which tensor of the model is which of the file, by order and shape.
 *
 * Layers whose weight has the same number of axes are matched one after another, because some files keep the order only
 * among layers of a kind, and because a file may list the parts of a layer in any order. Where the names of a file tell
 * no layers, all tensors are matched one after another. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "train/import/private.h"

#define PARTS 4 /* of a layer */

static const char *const parts[PARTS] = {"weight", "bias", "running_mean", "running_var"};

/* The tensors of one layer, by their names; -1 = it has none. */
struct order_layer {
    const char *name; /* [length]: in the file */
    size_t length;
    int64_t tensors[PARTS];
    int rank; /* of the tensor with the most axes */
};

struct order {
    struct order_layer *ours, *theirs;
    int64_t ours_count, theirs_count;
    bool sorted; /* the file, by names: its order says nothing of the layers' */
};

static int order_part(const char *name)
{
    const char *dot = strrchr(name, '.');
    for (int i = 0; i < PARTS; i++)
        if (strcmp(dot ? dot + 1 : name, parts[i]) == 0) return i;
    return -1;
}

/* Adds a tensor to the last layer, or to a new one if it belongs to another: its name before the dot is another, or the
 * layer has such a part. */
static void order_add(struct order_layer *layers, int64_t *count, const char *name, int64_t index, int rank,
                      bool flat)
{
    const char *dot = strrchr(name, '.');
    size_t length = dot ? (size_t)(dot - name) : 0;
    int part = flat ? 0 : order_part(name);
    struct order_layer *last = *count > 0 ? &layers[*count - 1] : NULL;
    bool same = last && !flat && last->length == length && strncmp(last->name, name, length) == 0 &&
                last->tensors[part] < 0;
    if (!same) {
        last = &layers[(*count)++];
        *last = (struct order_layer){.name = name, .length = length, .tensors = {-1, -1, -1, -1}};
    }
    last->tensors[part] = index;
    last->rank = rank > last->rank ? rank : last->rank;
}

/* Compares names as people sort them: numbers in them by their value. */
static int order_compare(const void *a, const void *b)
{
    const struct order_layer *first = a, *second = b;
    const char *x = first->name, *y = second->name, *x_end = x + first->length, *y_end = y + second->length;
    while (x < x_end && y < y_end) {
        if (isdigit((unsigned char)*x) && isdigit((unsigned char)*y)) {
            char *x_after, *y_after;
            unsigned long long m = strtoull(x, &x_after, 10), n = strtoull(y, &y_after, 10);
            if (m != n) return m < n ? -1 : 1;
            x = x_after, y = y_after;
        } else if (*x != *y) {
            return (unsigned char)*x < (unsigned char)*y ? -1 : 1;
        } else {
            x++, y++;
        }
    }
    return (x < x_end) - (y < y_end);
}

/* Some formats sort their entries by the bytes of their names, and so "10" before "2": then names are the best guess at
 * the order of the layers. */
static void order_sort(struct order *o)
{
    o->sorted = false;
    for (int64_t i = 1; i < o->theirs_count; i++) {
        const struct order_layer *a = &o->theirs[i - 1], *b = &o->theirs[i];
        int before = memcmp(a->name, b->name, a->length < b->length ? a->length : b->length);
        if (before > 0 || (before == 0 && a->length > b->length)) return;
    }
    o->sorted = o->theirs_count > 1;
    if (o->sorted) qsort(o->theirs, (size_t)o->theirs_count, sizeof *o->theirs, order_compare);
}

static bool order_wants(const struct import *s, int64_t theirs, bool whole)
{
    const struct import_theirs *t = &s->theirs[theirs];
    return !t->ignored && !*t->renamed && (t->match < 0 || (whole && !import_is_sure(s, t->match)));
}

static bool order_lacks(const struct import *s, int64_t ours, bool whole)
{
    int64_t match = s->ours[ours].match;
    return match < 0 || (whole && !import_is_sure(s, ours));
}

static void order_list(const struct import *s, struct order *o, bool whole)
{
    bool flat = false;
    for (int64_t i = 0; i < s->theirs_count; i++)
        flat = flat || (order_wants(s, i, whole) && order_part(s->theirs[i].entry->name) < 0);
    for (int64_t i = 0; i < s->ours_count; i++)
        if (order_lacks(s, i, whole))
            order_add(o->ours, &o->ours_count, s->ours[i].name, i, flat ? 0 : s->ours[i].tensor->rank, flat);
    for (int64_t i = 0; i < s->theirs_count; i++)
        if (order_wants(s, i, whole))
            order_add(o->theirs, &o->theirs_count, s->theirs[i].entry->name, i,
                      flat ? 0 : s->theirs[i].entry->rank, flat);
    if (!flat) order_sort(o);
}

/* Whether every tensor of the one layer is in the other with the same shape. */
static bool order_fits(const struct import *s, const struct order_layer *ours,
                       const struct order_layer *theirs)
{
    bool fits = true;
    for (int i = 0; i < PARTS; i++) {
        if (ours->tensors[i] < 0 && theirs->tensors[i] < 0) continue;
        fits = fits && ours->tensors[i] >= 0 && theirs->tensors[i] >= 0 &&
               import_fits(s, ours->tensors[i], theirs->tensors[i]);
    }
    return fits;
}

static bool order_same_shapes(const struct import *s, const struct order_layer *a,
                              const struct order_layer *b)
{
    for (int i = 0; i < PARTS; i++) {
        if ((a->tensors[i] < 0) != (b->tensors[i] < 0)) return false;
        if (a->tensors[i] < 0) continue;
        const struct archive_entry *x = s->theirs[a->tensors[i]].entry, *y = s->theirs[b->tensors[i]].entry;
        if (x->rank != y->rank || memcmp(x->dims, y->dims, (size_t)x->rank * sizeof *x->dims) != 0)
            return false;
    }
    return true;
}

/* Whether two names differ in their numbers only. */
static bool order_same_words(const struct order_layer *a, const struct order_layer *b)
{
    const char *x = a->name, *y = b->name, *x_end = x + a->length, *y_end = y + b->length;
    for (;; x++, y++) {
        while (x < x_end && isdigit((unsigned char)*x)) x++;
        while (y < y_end && isdigit((unsigned char)*y)) y++;
        if (x == x_end || y == y_end) return x == x_end && y == y_end;
        if (*x != *y) return false;
    }
}

static bool order_is_paired(const struct import *s, const struct order_layer *theirs)
{
    for (int i = 0; i < PARTS; i++) {
        int64_t ours = theirs->tensors[i] < 0 ? -1 : s->theirs[theirs->tensors[i]].match;
        if (ours >= 0 && s->ours[ours].by_order) return true;
    }
    return false;
}

static int64_t order_count(const struct order_layer *layers, int64_t count, int rank)
{
    int64_t found = 0;
    for (int64_t i = 0; i < count; i++) found += layers[i].rank == rank;
    return found;
}

/* The next layer from *at on with a weight of that rank; NULL = there is none. */
static const struct order_layer *order_next(const struct order_layer *layers, int64_t count, int rank,
                                            int64_t *at)
{
    while (*at < count && layers[*at].rank != rank) ++*at;
    return *at < count ? &layers[(*at)++] : NULL;
}

/* Pairs the layers with weights of that rank. Where there are more on one side, it ends with the first that do not fit: what
 * stands behind them is moved. Returns whether everything fits. */
static bool order_pair(struct import *s, const struct order *o, int rank, bool pairs)
{
    int64_t i = 0, k = 0;
    bool equal = order_count(o->ours, o->ours_count, rank) == order_count(o->theirs, o->theirs_count, rank);
    bool all_fit = equal;
    for (;;) {
        const struct order_layer *ours = order_next(o->ours, o->ours_count, rank, &i),
                                 *theirs = order_next(o->theirs, o->theirs_count, rank, &k);
        if (!ours || !theirs) return all_fit;
        bool fits = order_fits(s, ours, theirs);
        all_fit = all_fit && fits;
        if (!fits && !equal) return false;
        for (int part = 0; pairs && part < PARTS; part++)
            if (ours->tensors[part] >= 0 && theirs->tensors[part] >= 0)
                import_pair(s, ours->tensors[part], theirs->tensors[part], true);
    }
}

/* Parts the pairs that are not sure, or those by order only. */
static void order_unpair(struct import *s, bool whole)
{
    for (int64_t i = 0; i < s->ours_count; i++) {
        int64_t match = s->ours[i].match;
        if (match < 0 || (whole ? import_is_sure(s, i) : !s->ours[i].by_order)) continue;
        s->ours[i].match = -1;
        s->theirs[match].match = -1;
    }
}

/* Warns where two layers of a sorted file have the same shapes: their order is a guess, and nothing shows a wrong one. Names
 * that differ in their numbers only are in the right order. */
static void order_warn(const struct import *s, const struct order *o)
{
    for (int64_t i = 0; i < o->theirs_count; i++)
        for (int64_t k = 0; k < i && order_is_paired(s, &o->theirs[i]); k++) {
            const struct order_layer *a = &o->theirs[k], *b = &o->theirs[i];
            if (!order_is_paired(s, a) || order_same_words(a, b)) continue;
            if (!order_same_shapes(s, a, b)) continue;
            char text[2 * ARCHIVE_NAME + 8];
            snprintf(text, sizeof text, "%.*s and %.*s", (int)a->length, a->name, (int)b->length, b->name);
            utf8_mask_controls(text);
            log_warn(
                "%s: is sorted by names, and %s have equal shapes: which is which of the model was guessed "
                "by their order; check the table, --init-map FILE can rename them",
                s->path, text);
            return;
        }
}

static void order_match(struct import *s, struct order *o, bool whole)
{
    bool all_fit = true;
    order_list(s, o, whole);
    for (int rank = 0; whole && rank <= ARCHIVE_RANK; rank++)
        all_fit = order_pair(s, o, rank, false) && all_fit;
    if (!all_fit || o->ours_count == 0) return;
    if (whole) order_unpair(s, true);
    for (int rank = 0; rank <= ARCHIVE_RANK; rank++) (void)order_pair(s, o, rank, true);
}

/* Whether most of the model's tensors that names leave have a partner of their shape; a few would be chance. */
static bool order_is_likely(const struct import *s)
{
    int64_t fitting = 0, all = 0;
    for (int64_t i = 0; i < s->ours_count; i++) {
        if (s->ours[i].match >= 0 && !s->ours[i].by_order) continue;
        fitting += s->ours[i].match >= 0 && import_fits(s, i, s->ours[i].match);
        all++;
    }
    return 2 * fitting >= all;
}

enum status import_match_order(struct import *s, bool whole)
{
    struct order o = {0};
    TRY(mem_alloc(&o.ours, (size_t)s->ours_count, sizeof *o.ours, "list of weights"));
    enum status status = mem_alloc(&o.theirs, (size_t)s->theirs_count, sizeof *o.theirs, "list of weights");
    if (status == STATUS_OK) order_match(s, &o, whole);
    if (status == STATUS_OK && !whole && !order_is_likely(s)) order_unpair(s, false);
    if (status == STATUS_OK && o.sorted) order_warn(s, &o);
    mem_free(&o.ours);
    mem_free(&o.theirs);
    return status;
}
