/* reference.h - reads tests/reference/<file>.txt (format: tests/reference/make_cases.py). */
#ifndef REFERENCE_H
#define REFERENCE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REFERENCE_ARRAYS 48
#define REFERENCE_WORD   32

struct reference_array {
    char name[REFERENCE_WORD];
    int rank;
    int64_t dims[5], count;
    double *values;
};

struct reference_case {
    char name[REFERENCE_WORD];
    int array_count;
    struct reference_array arrays[REFERENCE_ARRAYS];
};

static inline FILE *reference_open(const char *file)
{
    char path[4096];
    const char *root = getenv("DDP_SOURCE_DIR");
    snprintf(path, sizeof path, "%s/tests/reference/%s", root ? root : ".", file);
    FILE *f = fopen(path, "r");
    if (!f) fprintf(stderr, "%s: cannot be read; set DDP_SOURCE_DIR to the repository\n", path);
    return f;
}

/* Reads the next case; false at the end of the file. reference_free releases its arrays. */
static inline int reference_next(FILE *f, struct reference_case *c)
{
    memset(c, 0, sizeof *c);
    if (fscanf(f, " case %31s", c->name) != 1) return 0;
    for (; c->array_count < REFERENCE_ARRAYS; c->array_count++) {
        struct reference_array *a = &c->arrays[c->array_count];
        if (fscanf(f, "%31s", a->name) != 1 || strcmp(a->name, "end") == 0) return 1;
        a->count = 1;
        if (fscanf(f, "%d", &a->rank) != 1 || a->rank > 5) return 0;
        for (int i = 0; i < a->rank; i++) {
            if (fscanf(f, "%ld", &a->dims[i]) != 1) return 0;
            a->count *= a->dims[i];
        }
        a->values = calloc((size_t)a->count + 1, sizeof *a->values);
        for (int64_t i = 0; i < a->count; i++)
            if (!a->values || fscanf(f, "%lf", &a->values[i]) != 1) return 0;
    }
    return 1;
}

static inline void reference_free(struct reference_case *c)
{
    for (int i = 0; i < REFERENCE_ARRAYS; i++) free(c->arrays[i].values);
}

/* The array of a case, or NULL. */
static inline const struct reference_array *reference_find(const struct reference_case *c, const char *name)
{
    for (int i = 0; i < c->array_count; i++)
        if (strcmp(c->arrays[i].name, name) == 0) return &c->arrays[i];
    return NULL;
}

static inline double reference_number(const struct reference_case *c, const char *name)
{
    return reference_find(c, name)->values[0];
}

#endif
