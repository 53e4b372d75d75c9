/* file.c - opens a file and finds, describes and lists its objects; runs in the child. */
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "io/h5/private.h"

/* Limit of one list. HDF5 visits an object once if its stored number of links is right. If it is wrong, HDF5
 * visits the object once per path, and a few groups that link to each other have endlessly many paths. */
#define OBJECTS_MAX 100000

/* Limit of a list of what is directly in a group, where nothing is visited twice. */
#define CHILDREN_MAX 4000000

/* Whether a cause says that the format of a part of the file is unknown here. */
static bool h5_is_of_newer(const char *cause)
{
    return strstr(cause, "version") &&
           (strstr(cause, "bad") || strstr(cause, "unknown") || strstr(cause, "wrong"));
}

static enum status h5_fail_newer(const char *path, const char *name)
{
    char version[H5_NAME_SIZE];
    h5_version(version);
    return status_fail(
        STATUS_DATA,
        "%s: %s%swas written by a newer HDF5 than this program's %s, or is damaged; write it again with "
        "h5py.File(..., libver=\"earliest\"), or convert it with the newer h5repack --high=V110",
        path, name, *name ? ": " : "", version);
}

/* A list of properties for all files. */
static hid_t h5_file_access(void)
{
    static hid_t list = H5I_INVALID_HID;
    if (list >= 0) return list;
    list = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(list, 0, 1); /* locks fail on many network file systems */
    return list;
}

enum status h5_file_open(struct h5_file *f)
{
    h5_start();
    if (!f->external) H5PLset_loading_state(0); /* no code from elsewhere, whatever filter a file names */
    f->file = H5Fopen(f->path, H5F_ACC_RDONLY, h5_file_access());
    const char *cause = f->file >= 0 ? "" : h5_cause(); /* before the next call wipes it out */
    if (f->file >= 0) return STATUS_OK;
    if (H5Fis_hdf5(f->path) <= 0)
        return status_fail(STATUS_DATA,
                           "%s: is not an HDF5 file; 'ddp_train convert' makes one of IDX, CSV and ARFF",
                           f->path);
    if (strstr(cause, "truncated"))
        return status_fail(STATUS_DATA, "%s: is truncated; copy or write it again", f->path);
    if (strstr(cause, "consistency flags") || strstr(cause, "already open for write"))
        return status_fail(
            STATUS_DATA,
            "%s: is open for writing in another program, or that was killed; wait for its end, or "
            "run h5clear -s on a copy",
            f->path);
    if (h5_is_of_newer(cause)) return h5_fail_newer(f->path, "");
    return status_fail(STATUS_DATA, "%s: is damaged: %s", f->path, cause);
}

void h5_file_close(struct h5_file *f)
{
    if (f->file >= 0) H5Fclose(f->file);
    f->file = H5I_INVALID_HID;
}

static enum status h5_file_refuse_link(const struct h5_file *f, const char *name, H5L_type_t type)
{
    const char *kind = type == H5L_TYPE_SOFT       ? "a soft link"
                       : type == H5L_TYPE_EXTERNAL ? "a link to another file"
                                                   : "a link of an unknown kind";
    return status_fail(STATUS_DATA,
                       "%s: %s is %s, which is not followed; if you trust the file, set data.allow_external "
                       "(--allow-external)",
                       f->path, name, kind);
}

/* Looks at every link on the way; *there is false if one does not exist. */
static enum status h5_file_check_links(const struct h5_file *f, const char *name, bool *there)
{
    char part[H5_PATH_SIZE];
    *there = strlen(name) < sizeof part;
    for (const char *from = name + strspn(name, "/"), *to; *there && *from; from = to + strspn(to, "/")) {
        to = from + strcspn(from, "/");
        H5L_info_t link;
        snprintf(part, sizeof part, "%.*s", (int)(to - name), name);
        *there = H5Lget_info(f->file, part, &link, H5P_DEFAULT) >= 0;
        if (*there && link.type != H5L_TYPE_HARD && !f->external)
            return h5_file_refuse_link(f, part, link.type);
    }
    return STATUS_OK;
}

enum status h5_file_open_object(const struct h5_file *f, const char *name, hid_t *id, enum h5_object *what)
{
    bool there;
    *id = H5I_INVALID_HID;
    *what = H5_OBJECT_NONE;
    TRY(h5_file_check_links(f, name, &there));
    if (!there) return STATUS_OK;
    *id = H5Oopen(f->file, name, H5P_DEFAULT);
    if (*id < 0 && h5_is_of_newer(h5_cause())) return h5_fail_newer(f->path, name);
    if (*id < 0) return status_fail(STATUS_DATA, "%s: %s: cannot be opened: %s", f->path, name, h5_cause());
    H5I_type_t type = H5Iget_type(*id);
    if (type == H5I_DATASET) *what = H5_OBJECT_DATASET;
    if (type == H5I_GROUP) *what = H5_OBJECT_GROUP;
    return STATUS_OK;
}

enum status h5_file_find(const struct h5_file *f, const char *name, enum h5_object *what)
{
    hid_t id;
    TRY(h5_file_open_object(f, name, &id, what));
    if (id >= 0) H5Oclose(id);
    return STATUS_OK;
}

enum status h5_file_has_attr(const struct h5_file *f, const char *object, const char *attr, bool *has)
{
    bool there;
    TRY(h5_file_check_links(f, object, &there));
    htri_t exists = there ? H5Aexists_by_name(f->file, object, attr, H5P_DEFAULT) : 0;
    *has = exists > 0;
    if (exists >= 0) return STATUS_OK;
    return status_fail(STATUS_DATA, "%s: %s: is damaged: %s", f->path, object, h5_cause());
}

enum status h5_file_describe(const struct h5_file *f, const char *name, struct h5_info *info)
{
    hid_t dataset = H5Dopen2(f->file, name, H5P_DEFAULT);
    if (dataset < 0 && h5_is_of_newer(h5_cause())) return h5_fail_newer(f->path, name);
    if (dataset < 0)
        return status_fail(STATUS_DATA, "%s: %s: cannot be opened: %s", f->path, name, h5_cause());
    enum status status = h5_describe(f, dataset, name, info);
    H5Dclose(dataset);
    return status;
}

/* ---- lists ---- */

struct list {
    struct h5_names names;
    int objects;
    enum status status; /* of memory */
};

enum status h5_file_add_name(struct h5_names *n, const char *name)
{
    size_t bytes = strlen(name) + 1;
    struct h5_texts *t = n->texts;
    if (t->bytes + bytes > n->room) {
        char *block = NULL;
        size_t room = 2 * (t->bytes + bytes) + 4096;
        TRY(mem_alloc(&block, room, 1, "list of names"));
        if (t->bytes) memcpy(block, t->block, t->bytes);
        mem_free(&t->block);
        t->block = block;
        n->room = room;
    }
    memcpy(t->block + t->bytes, name, bytes);
    t->bytes += bytes;
    t->count++;
    return STATUS_OK;
}

static herr_t h5_file_list_object(hid_t group, const char *name, const H5O_info_t *object, void *pointer)
{
    (void)group;
    struct list *l = pointer;
    if (++l->objects > OBJECTS_MAX) return -1;
    if (object->type == H5O_TYPE_DATASET && strlen(name) < H5_PATH_SIZE)
        l->status = h5_file_add_name(&l->names, name);
    return l->status == STATUS_OK ? 0 : -1;
}

/* A group on the way down, for groups in which H5Ovisit gives up because one object cannot be opened. */
struct walk {
    struct list *list;
    const struct walk *above; /* NULL = the group that is listed */
    haddr_t address;
    char path[H5_PATH_SIZE];
};

static herr_t h5_file_walk_link(hid_t group, const char *name, const H5L_info_t *link, void *pointer)
{
    const struct walk *w = pointer;
    struct walk below = {.list = w->list, .above = w};
    H5O_info_t object;
    int length = snprintf(below.path, sizeof below.path, "%s%s%s", w->path, *w->path ? "/" : "", name);
    if (link->type != H5L_TYPE_HARD || length >= H5_PATH_SIZE) return 0;
    if (++w->list->objects > OBJECTS_MAX) return -1;
    if (H5Oget_info_by_name(group, name, &object, H5P_DEFAULT) < 0 || object.type == H5O_TYPE_DATASET) {
        w->list->status =
            h5_file_add_name(&w->list->names, below.path); /* its description says what is wrong */
        return w->list->status == STATUS_OK ? 0 : -1;
    }
    for (const struct walk *up = w; up; up = up->above)
        if (up->address == object.addr) return 0;
    if (object.type != H5O_TYPE_GROUP) return 0;
    below.address = object.addr;
    return H5Literate_by_name(group, name, H5_INDEX_NAME, H5_ITER_INC, NULL, h5_file_walk_link, &below,
                              H5P_DEFAULT);
}

static bool h5_file_walk(hid_t group, struct list *l)
{
    H5O_info_t object;
    if (H5Oget_info(group, &object) < 0) return false;
    struct walk top = {.list = l, .address = object.addr};
    l->objects = 0;
    l->names.texts->count = 0;
    l->names.texts->bytes = 0;
    return H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, h5_file_walk_link, &top) >= 0;
}

enum status h5_file_list(const struct h5_file *f, const char *group, struct h5_texts *out)
{
    struct list l = {.names.texts = out};
    enum h5_object what;
    TRY(h5_file_find(f, group, &what));
    hid_t id = what == H5_OBJECT_GROUP ? H5Gopen2(f->file, group, H5P_DEFAULT) : H5I_INVALID_HID;
    if (id < 0) return status_fail(STATUS_DATA, "%s: no group '%s'", f->path, group);
    bool done = H5Ovisit(id, H5_INDEX_NAME, H5_ITER_INC, h5_file_list_object, &l) >= 0;
    if (!done && l.objects <= OBJECTS_MAX && l.status == STATUS_OK) done = h5_file_walk(id, &l);
    if (!done && l.objects > OBJECTS_MAX)
        l.status = status_fail(STATUS_DATA, "%s: group '%s' holds more than %d objects, too many to list",
                               f->path, group, OBJECTS_MAX);
    else if (!done && l.status == STATUS_OK)
        l.status = status_fail(STATUS_DATA, "%s: group '%s' is damaged: %s", f->path, group, h5_cause());
    H5Gclose(id);
    return l.status;
}

static herr_t h5_file_list_child(hid_t group, const char *name, const H5L_info_t *link, void *pointer)
{
    (void)group, (void)link;
    struct list *l = pointer;
    if (++l->objects > CHILDREN_MAX) return -1;
    if (strlen(name) >= H5_PATH_SIZE) return 0;
    l->status = h5_file_add_name(&l->names, name);
    return l->status == STATUS_OK ? 0 : -1;
}

enum status h5_file_children(const struct h5_file *f, const char *group, struct h5_texts *out)
{
    struct list l = {.names.texts = out};
    enum h5_object what;
    TRY(h5_file_find(f, group, &what));
    hid_t id = what == H5_OBJECT_GROUP ? H5Gopen2(f->file, group, H5P_DEFAULT) : H5I_INVALID_HID;
    if (id < 0) return status_fail(STATUS_DATA, "%s: no group '%s'", f->path, group);
    bool done = H5Literate(id, H5_INDEX_NAME, H5_ITER_INC, NULL, h5_file_list_child, &l) >= 0;
    if (!done && l.objects > CHILDREN_MAX)
        l.status = status_fail(STATUS_DATA, "%s: group '%s' holds more than %d objects, too many to list",
                               f->path, group, CHILDREN_MAX);
    else if (!done && l.status == STATUS_OK)
        l.status = status_fail(STATUS_DATA, "%s: group '%s' is damaged: %s", f->path, group, h5_cause());
    H5Gclose(id);
    return l.status;
}
