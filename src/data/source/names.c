/* names.c - finds class names in a file, cuts lists of them, and makes them unique. */
#include "data/source/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/mem.h"
#include "core/utf8.h"

enum status names_split(const char *list, char ***names, int64_t *count)
{
    int64_t pieces = 1;
    for (const char *c = list; *c; c++) pieces += *c == ',';
    char **out = NULL;
    size_t bytes = strlen(list) + 1;
    TRY(mem_alloc(&out, (size_t)pieces * sizeof *out + bytes, 1, "class names"));
    char *text = (char *)(out + pieces);
    memcpy(text, list, bytes);
    for (int64_t i = 0; i < pieces; i++) out[i] = strsep(&text, ",");
    *names = out;
    *count = pieces;
    return STATUS_OK;
}

#define NAMES_PATH_SIZE 1024
#define NUMBER_SIZE     16 /* " (12345)" */

struct names_entry {
    const char *name;
    int64_t at;
};

static int names_compare(const void *a, const void *b)
{
    const struct names_entry *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

static int names_compare_texts(const void *name, const void *place)
{
    return strcmp(name, ((const struct names_entry *)place)->name);
}

/* Copies all names, with numbers for those that come again; a number that makes another name is left out. */
static enum status names_number(char ***names, int64_t count, const struct names_entry *sorted)
{
    size_t bytes = 0;
    for (int64_t i = 0; i < count; i++) bytes += strlen((*names)[i]) + NUMBER_SIZE;
    char **out = NULL;
    TRY(mem_alloc(&out, (size_t)count * sizeof *out + bytes, 1, "class names"));
    char *to = (char *)(out + count);
    for (int64_t i = 0, again = 1; i < count; i++) {
        again = i && strcmp(sorted[i].name, sorted[i - 1].name) == 0 ? again + 1 : 1;
        out[sorted[i].at] = to;
        size_t room = strlen(sorted[i].name) + NUMBER_SIZE;
        if (again == 1) snprintf(to, room, "%s", sorted[i].name);
        for (bool taken = again > 1; taken; again += taken) {
            snprintf(to, room, "%s (%" PRId64 ")", sorted[i].name, again);
            taken = bsearch(to, sorted, (size_t)count, sizeof *sorted, names_compare_texts) != NULL;
        }
        to += room;
    }
    mem_free(names);
    *names = out;
    return STATUS_OK;
}

enum status names_make_unique(char ***names, int64_t count, const char *path)
{
    struct names_entry *sorted = NULL;
    int64_t twice = -1;
    TRY(mem_alloc(&sorted, (size_t)count, sizeof *sorted, "class names"));
    for (int64_t i = 0; i < count; i++) sorted[i] = (struct names_entry){(*names)[i], i};
    qsort(sorted, (size_t)count, sizeof *sorted, names_compare);
    for (int64_t i = 1; i < count && twice < 0; i++)
        if (strcmp(sorted[i].name, sorted[i - 1].name) == 0) twice = i;
    enum status status = STATUS_OK;
    if (twice >= 0) {
        if (path)
            log_warn("%s: several classes are called '%.60s'; names that come again get a number", path,
                     sorted[twice].name);
        status = names_number(names, count, sorted);
    }
    mem_free(&sorted);
    return status;
}

/* Names stand beside the labels, on their group or on the file, as attribute or as dataset. */
static enum status names_look_for(struct h5 *file, const struct names_place *place, const char *what,
                                  char ***names, int64_t *count)
{
    const char *group = place->group[0] ? place->group : "/";
    char beside[NAMES_PATH_SIZE], top[NAMES_PATH_SIZE];
    snprintf(beside, sizeof beside, "%s/%s", place->group, what);
    snprintf(top, sizeof top, "/%s", what);
    const struct h5_place places[] = {
        {place->labels, what}, {group, what}, {"/", what}, {beside, NULL}, {top, NULL}};
    int which;
    TRY(h5_find_first(file, places, sizeof places / sizeof *places, &which));
    if (which < 0) return STATUS_OK;
    const struct h5_place *found = &places[which];
    return found->attr ? h5_attr_texts(file, found->object, what, names, count)
                       : h5_read_texts(file, found->object, names, count);
}

enum status names_find(struct h5 *file, const struct names_place *place, char ***names, int64_t *count)
{
    static const char *const kinds[] = {"class_names", "label_names", "target_names"};
    int usable = place->are_classes ? 1 : 3;
    *names = NULL;
    *count = 0;
    TRY(names_look_for(file, place, kinds[0], names, count));
    if (*names && *count == 1 && strchr((*names)[0], ',')) { /* one text, "cat,dog" */
        char **split;
        TRY(names_split((*names)[0], &split, count));
        mem_free(names);
        *names = split;
    }
    for (int i = 1; i < usable && !*names; i++) TRY(names_look_for(file, place, kinds[i], names, count));
    for (int64_t k = 0; k < *count; k++) utf8_mask_controls((*names)[k]);
    return *names ? names_make_unique(names, *count, place->path) : STATUS_OK;
}
