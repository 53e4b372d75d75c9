/* names.c - cuts a list of class names, and makes names unique. */
#include "data/source/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/mem.h"

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

#define NUMBER_SIZE 16 /* " (12345)" */

struct names_place {
    const char *name;
    int64_t at;
};

static int names_compare(const void *a, const void *b)
{
    const struct names_place *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

static int names_compare_texts(const void *name, const void *place)
{
    return strcmp(name, ((const struct names_place *)place)->name);
}

/* Copies all names, with numbers for those that come again; a number that makes another name is left out. */
static enum status names_number(char ***names, int64_t count, const struct names_place *sorted)
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
    struct names_place *sorted = NULL;
    int64_t twice = -1;
    TRY(mem_alloc(&sorted, (size_t)count, sizeof *sorted, "class names"));
    for (int64_t i = 0; i < count; i++) sorted[i] = (struct names_place){(*names)[i], i};
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
