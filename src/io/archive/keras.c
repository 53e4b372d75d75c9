/* keras.c - finds the weights of Keras in HDF5: the older .h5 and the newer .weights.h5, or arrays under other names.
 *
 * Older files have weights such as "conv/conv/kernel:0", and attributes that tell their order. Newer ones have
 * "layers/conv2d/vars/0", where the group is named after the kind of the layer, and the number is the place of a
 * weight in it. Keras keeps the outputs of a kernel last, PyTorch first. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "io/archive/private.h"
#include "io/h5/h5.h"

#define PATH   (2 * ARCHIVE_NAME)
#define CHUNKS 1000 /* of an attribute that is too long for one */
#define NEAR   8    /* weights of one layer, at most */

struct keras {
    struct h5 *file;
    enum status status;  /* of the first entry that could not be added */
    char (*paths)[PATH]; /* [room]: of the entries, in the file */
    int64_t room;
    float *values; /* of the entry that is being read */
    int64_t at;    /* bytes of them */
};

/* How a weight of Keras is called in PyTorch. */
static const struct {
    const char *theirs, *ours;
    bool depthwise;
} words[] = {
    {"kernel", "weight", false}, {"depthwise_kernel", "weight", true},
    {"gamma", "weight", false},  {"beta", "bias", false},
    {"bias", "bias", false},     {"moving_mean", "running_mean", false},
    {"alpha", "weight", false},  {"moving_variance", "running_var", false},
};

static bool keras_fits(const uint8_t start[ARCHIVE_START], int64_t file_bytes)
{
    (void)file_bytes;
    return memcmp(start, "\x89HDF\r\n\x1a\n", 8) == 0;
}

/* Moves the last axes of a kernel to the front: [h][w][in][out] to [out][in][h][w]. The inputs and the multiples of one
 * for each channel are one axis together. */
static void keras_turn(struct archive_entry *e, bool depthwise)
{
    int rank = e->rank;
    int64_t stored[ARCHIVE_RANK];
    memcpy(stored, e->dims, sizeof stored);
    int64_t in = depthwise ? 1 : stored[rank - 2];
    e->dims[0] = depthwise ? stored[rank - 2] * stored[rank - 1] : stored[rank - 1];
    e->dims[1] = in;
    for (int i = 2; i < rank; i++) {
        e->dims[i] = stored[i - 2];
        e->axes[i - 2] = i;
    }
    e->axes[rank - 2] = depthwise ? 0 : 1;
    e->axes[rank - 1] = depthwise ? 1 : 0;
    e->flattens_last = rank == 2;
}

/* Cuts "A/B/B/kernel:0" into the name of the layer, "A.B", and the last word. */
static void keras_cut(const char *path, char layer[PATH], char word[PATH])
{
    size_t length = 0, before = 0, end;
    const char *part = path;
    *layer = '\0';
    for (const char *slash; (slash = strchr(part, '/')); part = slash + 1) {
        size_t bytes = (size_t)(slash - part);
        if (bytes == length - before && strncmp(layer + before, part, bytes) == 0) continue;
        before = length ? length + 1 : 0;
        length +=
            (size_t)snprintf(layer + length, PATH - length, "%s%.*s", length ? "." : "", (int)bytes, part);
    }
    snprintf(word, PATH, "%s", part);
    for (end = strlen(word); end > 0 && isdigit((unsigned char)word[end - 1]);) end--;
    if (end > 0 && word[end - 1] == ':') word[end - 1] = '\0';
}

static void keras_settle_named(struct archive_entry *e, const char *layer, const char *word, char name[PATH])
{
    snprintf(name, PATH, "%.*s%s%.*s", ARCHIVE_NAME, layer, *layer ? "." : "", ARCHIVE_NAME - 2, word);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(word, words[i].theirs) != 0) continue;
        e->flattens_last = e->rank == 1;
        snprintf(name, PATH, "%.*s%s%s", ARCHIVE_NAME, layer, *layer ? "." : "", words[i].ours);
        if (strstr(word, "kernel") && e->rank >= 2) keras_turn(e, words[i].depthwise && e->rank > 2);
    }
}

/* Whether a path ends with vars/NUMBER; the bytes before "vars" and the number. */
static bool keras_is_numbered(const char *path, size_t *group, int *number)
{
    const char *slash = strrchr(path, '/');
    int used = 0;
    if (!slash || slash - path < 4 || strncmp(slash - 4, "vars", 4) != 0) return false;
    *group = (size_t)(slash - path) - 4;
    return sscanf(slash + 1, "%4d%n", number, &used) == 1 && *number >= 0 && slash[1 + used] == '\0';
}

/* The weights of a norm say nothing but their number, which must be clear. Keras's batch norm always has its
 * statistics: where it has two weights, they are these. */
static const char *keras_numbered_word(const char *layer, int number, int count, int rank)
{
    static const char *const norm[] = {"weight", "bias", "running_mean", "running_var"};
    if (rank >= 2) return number < 2 ? norm[number] : NULL;
    if (count == 2 && strstr(layer, "batch_norm")) number += 2;
    return count != 3 && count <= 4 ? norm[number] : NULL;
}

/* Counts the weights of the group that an entry is in, which stand beside it, and finds the rank of the first. */
static int keras_count_group(const struct archive *a, int64_t index, size_t group, int *rank)
{
    const struct keras *k = a->self;
    int count = 0;
    for (int64_t i = index > NEAR ? index - NEAR : 0; i < a->count && i <= index + NEAR; i++) {
        size_t other;
        int number;
        if (!keras_is_numbered(k->paths[i], &other, &number) || other != group) continue;
        if (strncmp(k->paths[i], k->paths[index], group) != 0) continue;
        if (number == 0) *rank = a->entries[i].rank;
        count++;
    }
    return count;
}

static void keras_settle_numbered(const struct archive *a, int64_t index, size_t group, int number,
                                  char name[PATH])
{
    static const char start[] = "layers/";
    const struct keras *k = a->self;
    struct archive_entry *e = &a->entries[index];
    const char *path = k->paths[index];
    char folder[PATH], layer[PATH], word[PATH];
    int rank = e->rank, count = keras_count_group(a, index, group, &rank);
    size_t skipped = group > strlen(start) && strncmp(path, start, strlen(start)) == 0 ? strlen(start) : 0;
    snprintf(folder, sizeof folder, "%.*s", (int)(group - skipped), path + skipped);
    keras_cut(folder, layer, word);
    const char *ours = number < count ? keras_numbered_word(layer, number, count, rank) : NULL;
    if (!ours) snprintf(e->problem, sizeof e->problem, "is one of %d weights without names", count);
    snprintf(name, PATH, "%.*s%s%.16s", ARCHIVE_NAME, layer, *layer ? "." : "",
             ours ? ours : strrchr(path, '/') + 1);
    e->flattens_last = ours && e->rank == 1;
    if (ours && number == 0 && e->rank >= 2) keras_turn(e, e->rank > 2 && strstr(layer, "depthwise"));
}

/* Gives an entry its name: only now all entries of its layer are known. */
static enum status keras_settle(struct archive *a, int64_t index)
{
    const struct keras *k = a->self;
    struct archive_entry *e = &a->entries[index];
    char layer[PATH], word[PATH], name[PATH];
    size_t group;
    int number;
    if (keras_is_numbered(k->paths[index], &group, &number)) {
        keras_settle_numbered(a, index, group, number, name);
    } else {
        keras_cut(k->paths[index], layer, word);
        keras_settle_named(e, layer, word, name);
    }
    if (strlen(name) < ARCHIVE_NAME) return strcpy(e->name, name), STATUS_OK;
    return status_fail(STATUS_DATA, "%s: %.60s...: its name is too long", a->path, k->paths[index]);
}

static enum status keras_keep_path(struct archive *a, const char *path)
{
    struct keras *k = a->self;
    if (a->room > k->room) {
        char(*more)[PATH];
        TRY(mem_alloc(&more, (size_t)a->room, sizeof *more, "list of weights"));
        if (k->room) memcpy(more, k->paths, (size_t)k->room * sizeof *more);
        mem_free(&k->paths);
        k->paths = more;
        k->room = a->room;
    }
    snprintf(k->paths[a->count - 1], PATH, "%s", path);
    return STATUS_OK;
}

static enum status keras_add(struct archive *a, const char *path, const struct h5_info *info)
{
    struct archive_entry *e;
    char type[H5_TEXT_SIZE];
    if (strlen(path) >= PATH)
        return status_fail(STATUS_DATA, "%s: %.60s...: its name is too long", a->path, path);
    TRY(archive_add(a, &e));
    TRY(keras_keep_path(a, path));
    e->type = info->kind == H5_KIND_REAL    ? ARCHIVE_F32 /* as HDF5 hands them on */
              : info->kind == H5_KIND_OTHER ? ARCHIVE_OTHER
                                            : ARCHIVE_INTEGER;
    h5_type_text(info, type);
    archive_note_type(e, type);
    if (info->rank > ARCHIVE_RANK) snprintf(e->problem, sizeof e->problem, "has %d axes", info->rank);
    e->rank = info->rank > ARCHIVE_RANK ? 0 : info->rank;
    for (int i = 0; i < e->rank; i++) e->dims[i] = info->dims[i];
    return archive_settle(a, e, "");
}

static void keras_visit(void *self, const char *name, const struct h5_info *info)
{
    struct archive *a = self;
    struct keras *k = a->self;
    bool other = !info || strncmp(name, "optimizer", strlen("optimizer")) == 0; /* its weights, too */
    if (k->status == STATUS_OK && !other) k->status = keras_add(a, name, info);
}

/* Calls `each` for the texts of an attribute, or of those with a number behind its name, in which Keras keeps long lists.
 */
static enum status keras_each_text(struct archive *a, const char *object, const char *attr,
                                   enum status (*each)(struct archive *a, const char *object,
                                                       const char *text))
{
    struct keras *k = a->self;
    for (int chunk = -1; chunk < CHUNKS; chunk++) {
        char name[32], **texts;
        int64_t count;
        bool has;
        snprintf(name, sizeof name, chunk < 0 ? "%s" : "%s%d", attr, chunk);
        TRY(h5_has_attr(k->file, object, name, &has));
        if (!has && chunk >= 0) break;
        if (!has) continue;
        TRY(h5_attr_texts(k->file, object, name, &texts, &count));
        enum status status = STATUS_OK;
        for (int64_t i = 0; i < count && status == STATUS_OK; i++) status = each(a, object, texts[i]);
        mem_free(&texts);
        if (status != STATUS_OK || chunk < 0) return status;
    }
    return STATUS_OK;
}

static enum status keras_list_weight(struct archive *a, const char *group, const char *weight)
{
    struct keras *k = a->self;
    struct h5_info info;
    char path[2 * PATH];
    snprintf(path, sizeof path, "%.*s/%.*s", PATH - 2, strcmp(group, "/") == 0 ? "" : group, PATH, weight);
    h5_give_time(k->file);
    TRY(h5_describe_data(k->file, path, &info));
    return keras_add(a, path, &info);
}

static enum status keras_list_layer(struct archive *a, const char *base, const char *layer)
{
    char group[PATH];
    h5_give_time(((struct keras *)a->self)->file);
    snprintf(group, sizeof group, "%s%s%.*s", strcmp(base, "/") == 0 ? "" : base,
             strcmp(base, "/") == 0 ? "" : "/", ARCHIVE_NAME, layer);
    return keras_each_text(a, group, "weight_names", keras_list_weight);
}

/* A whole model of older Keras has its weights in a group. */
static enum status keras_list(struct archive *a)
{
    struct keras *k = a->self;
    enum h5_object what;
    TRY(h5_find(k->file, "model_weights", &what));
    TRY(keras_each_text(a, what == H5_OBJECT_GROUP ? "model_weights" : "/", "layer_names", keras_list_layer));
    if (a->count == 0) TRY(h5_visit(k->file, "/", keras_visit, a));
    TRY(k->status);
    for (int64_t i = 0; i < a->count; i++) TRY(keras_settle(a, i));
    return STATUS_OK;
}

static enum status keras_open(struct archive *a)
{
    struct keras *k;
    TRY(mem_alloc(&k, 1, sizeof *k, "file of weights"));
    a->self = k;
    TRY(h5_open(&k->file, a->path, false));
    return keras_list(a);
}

static void keras_close(struct archive *a)
{
    struct keras *k = a->self;
    if (!k) return;
    h5_close(&k->file);
    mem_free(&k->paths);
    mem_free(&k->values);
    mem_free(&a->self);
}

/* All at once: HDF5 may have compressed them in pieces of any shape. */
static enum status keras_begin(struct archive *a, const struct archive_entry *e)
{
    struct keras *k = a->self;
    struct h5_data *data;
    TRY(h5_data_open(&data, k->file, k->paths[e - a->entries]));
    enum status status = h5_data_info(data)->elements == e->elements
                             ? mem_alloc(&k->values, (size_t)e->elements, sizeof *k->values, "weights")
                             : archive_fail(a, "it has changed");
    if (status == STATUS_OK) status = h5_data_read_all(data, H5_TYPE_F32, k->values);
    h5_data_close(&data);
    k->at = 0;
    if (status != STATUS_OK) mem_free(&k->values);
    return status;
}

static enum status keras_next(struct archive *a, void *out, size_t bytes)
{
    struct keras *k = a->self;
    memcpy(out, (const char *)k->values + k->at, bytes);
    k->at += (int64_t)bytes;
    return STATUS_OK;
}

static enum status keras_end(struct archive *a)
{
    mem_free(&((struct keras *)a->self)->values);
    return STATUS_OK;
}

const struct archive_ops archive_keras = {
    .name = "HDF5",
    .fits = keras_fits,
    .open = keras_open,
    .close = keras_close,
    .begin = keras_begin,
    .next = keras_next,
    .end = keras_end,
};
