/* find.c - finds a tensor in a file whose layers may have other names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/checkpoint/private.h"

struct finding {
    const char *group;
    const struct layer *layer;
    const struct tensor *tensor;
    bool by_name; /* the layer's name counts, not its number */
    char *path;   /* of the first that fits, or "" */
};

/* Whether "03.stem/weight" is the tensor. */
static bool find_fits(const struct finding *f, const char *name)
{
    char *dot;
    long number = strtol(name, &dot, 10);
    const char *slash = strchr(dot, '/');
    if (dot == name || *dot != '.' || !slash || strcmp(slash + 1, f->tensor->name) != 0) return false;
    if (!f->by_name) return number == f->layer->index;
    size_t length = (size_t)(slash - dot) - 1;
    return strlen(f->layer->name) == length && strncmp(dot + 1, f->layer->name, length) == 0;
}

static void find_compare(void *self, const char *name, const struct h5_info *info)
{
    struct finding *f = self;
    if (!*f->path && info && find_fits(f, name))
        snprintf(f->path, CHECKPOINT_PATH, "%.30s/%.96s", f->group, name);
}

static enum status find_dataset(struct h5 *f, const char *path, bool *found)
{
    enum h5_object what;
    TRY(h5_find(f, path, &what));
    *found = what == H5_OBJECT_DATASET;
    return STATUS_OK;
}

enum status checkpoint_find_tensor(struct h5 *f, const char *group, const struct layer *l,
                                   const struct tensor *t, bool by_name, char path[CHECKPOINT_PATH])
{
    bool found;
    struct finding finding = {.group = group, .layer = l, .tensor = t, .by_name = by_name, .path = path};
    checkpoint_tensor_path(path, group, l, t);
    TRY(find_dataset(f, path, &found));
    if (found || (by_name && !l->name)) return STATUS_OK;
    *path = '\0';
    TRY(h5_visit(f, group, find_compare, &finding));
    if (*path) return STATUS_OK;
    struct layer unnamed = *l;
    unnamed.name = NULL;
    checkpoint_tensor_path(path, group, &unnamed, t);
    if (by_name) TRY(find_dataset(f, path, &found));
    if (!found) checkpoint_tensor_path(path, group, l, t);
    return STATUS_OK;
}
