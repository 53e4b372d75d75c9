/* find.c - finds features, labels and weights in an HDF5 file by their usual names. */
#include "data/source/h5/find.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LIST_SIZE 512

const char *const find_feature_names[] = {"images", "x", "X", "data", "features", NULL};
const char *const find_label_names[] = {"labels", "y", "label", "targets", "target", NULL};

static bool find_ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length > tail && strcmp(text + length - tail, end) == 0;
}

enum status find_split(const char *locator, char path[FIND_NAME_SIZE], const char **group)
{
    *group = "";
    if (strlen(locator) >= FIND_NAME_SIZE)
        return status_fail(STATUS_DATA, "%.40s...: is longer than %d characters", locator,
                           FIND_NAME_SIZE - 1);
    snprintf(path, FIND_NAME_SIZE, "%s", locator);
    char *colon = strrchr(path, ':');
    if (!colon || access(path, F_OK) == 0) return STATUS_OK;
    *colon = '\0';
    if (find_ends_with(path, ".h5") || find_ends_with(path, ".hdf5") || access(path, F_OK) == 0)
        *group = locator + (colon - path) + 1;
    else
        *colon = ':';
    while (**group == '/') (*group)++;
    return STATUS_OK;
}

static void find_list_dataset(void *self, const char *name, const struct h5_info *info)
{
    char *list = self, shape[H5_TEXT_SIZE] = "", type[H5_TEXT_SIZE] = "unreadable";
    if (info) h5_shape_text(info->rank, info->dims, shape);
    if (info) h5_type_text(info, type);
    size_t used = strlen(list);
    snprintf(list + used, LIST_SIZE - used, "%s%s %s %s", used ? ", " : "", name, shape, type);
}

static enum status find_not_found(struct h5 *f, const char *path, const char *group, const char *const *names,
                                  const char *what, const char *key)
{
    char list[LIST_SIZE] = "", looked[LIST_SIZE] = "";
    for (size_t used = 0; *names && used < LIST_SIZE; names++)
        used += (size_t)snprintf(looked + used, LIST_SIZE - used, "%s%s", used ? ", " : "", *names);
    TRY(h5_visit(f, "/", find_list_dataset, list));
    return status_fail(STATUS_DATA,
                       "%s: no %s in %s%s (looked for %s); set %s or use FILE:GROUP; the file holds: %s%s",
                       path, what, group[0] ? "group " : "the root", group, looked, key,
                       list[0] ? list : "no dataset", strlen(list) + 1 == sizeof list ? "..." : "");
}

#define NAMES_MAX 8

/* Opens the first of `names` that exists; *out stays empty if none does. */
static enum status find_open_first(struct h5 *f, const char *path, const char *group,
                                   const char *const *names, struct found *out)
{
    char paths[NAMES_MAX][FIND_NAME_SIZE];
    const char *tried[NAMES_MAX];
    struct h5_first first;
    int count = 0;
    for (; *names && count < NAMES_MAX; names++) {
        int length = snprintf(paths[count], FIND_NAME_SIZE, "%s%s%s", group, group[0] ? "/" : "", *names);
        tried[count] = paths[count];
        if (length < FIND_NAME_SIZE) count++;
    }
    TRY(h5_data_open_first(&out->data, f, tried, count, "layout", &first));
    if (!out->data) return STATUS_OK;
    snprintf(out->name, sizeof out->name, "%s", tried[first.which]);
    snprintf(out->where, sizeof out->where, "%s: %s", path, out->name);
    out->info = *h5_data_info(out->data);
    out->has_layout = first.has_attr;
    return STATUS_OK;
}

void find_take_whole(struct found *f, bool is_label)
{
    struct h5_info *info = &f->info;
    f->whole = true;
    if (is_label && info->elements == 1) info->rank = 0;
    if (info->rank == H5_MAX_RANK) return; /* has too many axes anyway */
    memmove(info->dims + 1, info->dims, (size_t)info->rank * sizeof info->dims[0]);
    info->dims[0] = 1;
    info->rank++;
}

void find_take_lying(struct found *f, int64_t samples)
{
    struct h5_info *info = &f->info;
    if (info->rank < 2 || info->dims[0] != 1 || samples < 2 || info->elements != samples) return;
    for (f->axis = 1; f->axis < info->rank - 1 && info->dims[f->axis] == 1;) f->axis++;
    if (info->dims[f->axis] != samples) f->axis = 0;
    if (f->axis == 0) return;
    info->rank = 1;
    info->dims[0] = samples;
}

enum status find_read(const struct found *f, struct range part, enum h5_type type, void *out)
{
    if (f->whole) return part.count ? h5_data_read_all(f->data, type, out) : STATUS_OK;
    return h5_data_read_along(f->data, f->axis, part.first, part.step, part.count, type, out);
}

enum status find_features(struct h5 *f, const char *path, const char *group, const char *wanted,
                          struct found *out)
{
    const char *const one[] = {wanted, NULL}, *const *names = wanted ? one : find_feature_names;
    TRY(find_open_first(f, path, group, names, out));
    return out->data ? STATUS_OK : find_not_found(f, path, group, names, "features", "data.x");
}

enum status find_labels(struct h5 *f, const char *path, const char *group, const char *wanted, bool optional,
                        struct found *out)
{
    const char *const one[] = {wanted, NULL}, *const *names = wanted ? one : find_label_names;
    TRY(find_open_first(f, path, group, names, out));
    return out->data || optional ? STATUS_OK : find_not_found(f, path, group, names, "labels", "data.y");
}

enum status find_weights(struct h5 *f, const char *path, const char *group, const char *wanted, bool optional,
                         struct found *out)
{
    const char *const names[] = {wanted, NULL};
    TRY(find_open_first(f, path, group, names, out));
    return out->data || optional ? STATUS_OK
                                 : find_not_found(f, path, group, names, "weights", "data.weights");
}

bool find_is_features(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *last = slash ? slash + 1 : name;
    for (int i = 0; find_feature_names[i]; i++)
        if (strcmp(last, find_feature_names[i]) == 0) return true;
    return false;
}

enum status find_check_numbers(const char *where, const struct h5_info *info)
{
    switch (info->kind) {
    case H5_KIND_INT:
    case H5_KIND_REAL:
        return STATUS_OK;
    case H5_KIND_TABLE:
        return status_fail(
            STATUS_DATA,
            "%s: is a table; name one of its columns, TABLE/COLUMN ('ddp_train inspect' lists them)", where);
    case H5_KIND_TEXT:
        return status_fail(STATUS_DATA,
                           "%s: holds text; store a number for each text (numpy.unique with return_inverse), "
                           "and the texts as class_names",
                           where);
    case H5_KIND_OTHER:
        break;
    }
    return status_fail(STATUS_DATA, "%s: holds no numbers; store integers or floats", where);
}
