/* checkpoint.c - names, order and hashes of tensors, and facts about a file; shared by writing and
 * reading. */
#include <inttypes.h>
#include <string.h>

#include "comm/tree.h"
#include "io/h5/h5.h"
#include "io/hash.h"
#include "core/mem.h"
#include "train/checkpoint/private.h"

void checkpoint_tensor_path(char path[CHECKPOINT_PATH], const char *group, const struct layer *l,
                            const struct tensor *t)
{
    snprintf(path, CHECKPOINT_PATH, "%.30s/%0*d.%.63s/%.20s", group, l->index_digits, l->index,
             l->name ? l->name : l->ops->name, t->name);
}

void checkpoint_transform_path(char path[CHECKPOINT_PATH], int index, const struct data_kind *kind,
                               const char *name)
{
    snprintf(path, CHECKPOINT_PATH, "transforms/%02d.%.40s%s%s", index, kind->name, *name ? "/" : "", name);
}

const char *checkpoint_shape_attr(char attr[CHECKPOINT_WORD], const char *name, int axis)
{
    static const char *const parts[] = {"channels", "depth", "height", "width", "rank"};
    snprintf(attr, CHECKPOINT_WORD, "%.10s_%s", name, parts[1 + axis]);
    return attr;
}

/* Returns the tensor of a layer at that place in alphabetical order. */
static const struct tensor *checkpoint_find_tensor_at(const struct layer *l, int place)
{
    for (int t = 0;; t++) {
        int before = 0;
        for (int other = 0; other < l->tensor_count; other++)
            before += strcmp(l->tensors[other].name, l->tensors[t].name) < 0;
        if (before == place) return &l->tensors[t];
    }
}

enum status checkpoint_each_tensor(const struct model *m,
                                   enum status (*each)(void *self, const struct layer *l,
                                                       const struct tensor *t),
                                   void *self)
{
    for (int i = 0; i < model_layer_count(m); i++) {
        const struct layer *l = model_layer(m, i);
        for (int place = 0; place < layer_own_tensors(l); place++)
            TRY(each(self, l, checkpoint_find_tensor_at(l, place)));
    }
    return STATUS_OK;
}

struct hashing {
    struct hash hash;
    const float *params;
};

static enum status checkpoint_hash_tensor(void *self, const struct layer *l, const struct tensor *t)
{
    (void)l;
    struct hashing *h = self;
    hash_add(&h->hash, h->params + t->offset, (size_t)tensor_count(t) * sizeof(float));
    return STATUS_OK;
}

uint64_t checkpoint_weights_hash(const struct model *model, const float *params)
{
    struct hashing h = {.params = params};
    hash_begin(&h.hash);
    (void)checkpoint_each_tensor(model, checkpoint_hash_tensor, &h);
    return hash_end(&h.hash);
}

uint64_t checkpoint_slots_hash(const struct model *model, int count, const float *const slots[])
{
    struct hashing h;
    hash_begin(&h.hash);
    for (int i = 0; i < count; i++) {
        h.params = slots[i];
        (void)checkpoint_each_tensor(model, checkpoint_hash_tensor, &h);
    }
    return hash_end(&h.hash);
}

/* Format of the label of a seal. */
#define LABEL CHECKPOINT_FORMAT ", version %d, step %" SCNd64

void checkpoint_label(char label[H5_SEAL_LABEL], int64_t step)
{
    snprintf(label, H5_SEAL_LABEL, CHECKPOINT_FORMAT ", version %d, step %" PRId64, CHECKPOINT_VERSION, step);
}

static enum status checkpoint_parse_label(const char *path, const char *label, int64_t *step)
{
    int version;
    if (sscanf(label, LABEL, &version, step) != 2)
        return status_fail(STATUS_DATA, "%s: is not a checkpoint of ddp_train, or its first line is damaged",
                           path);
    if (version < CHECKPOINT_OLDEST || version > CHECKPOINT_VERSION)
        return status_fail(STATUS_DATA, "%s: checkpoint version %d, this program reads versions %d to %d",
                           path, version, CHECKPOINT_OLDEST, CHECKPOINT_VERSION);
    return STATUS_OK;
}

enum status checkpoint_step(const char *path, int64_t *step)
{
    char label[H5_SEAL_LABEL];
    TRY(h5_read_seal(path, label));
    return checkpoint_parse_label(path, label, step);
}

/* HDF5 reads the file only after its checksum is verified. */
enum status checkpoint_open(struct h5 **f, const char *path)
{
    char label[H5_SEAL_LABEL];
    int64_t step;
    *f = NULL;
    TRY(h5_check_seal(path, label));
    TRY(checkpoint_parse_label(path, label, &step));
    return h5_open(f, path, false);
}

int checkpoint_is(const char *path)
{
    return h5_looks_sealed(path, CHECKPOINT_FORMAT);
}

enum status checkpoint_config(struct h5 *f, char **text)
{
    return h5_read_text(f, "config", text);
}

enum status checkpoint_read_config(const char *path, char **text)
{
    struct h5 *f = NULL;
    TRY(checkpoint_open(&f, path));
    enum status status = checkpoint_config(f, text);
    h5_close(&f);
    return status;
}

static enum status checkpoint_read_kind(struct h5 *f, enum target_kind *kind)
{
    char *name = NULL;
    TRY(h5_attr_text(f, "/", "labels", &name));
    int k = 0;
    while (k < TARGET_KINDS && strcmp(name, target_name((enum target_kind)k)) != 0) k++;
    mem_free(&name);
    if (k == TARGET_KINDS)
        return status_fail(STATUS_DATA, "its attribute `labels` is invalid; the file was changed or damaged");
    *kind = (enum target_kind)k;
    return STATUS_OK;
}

/* Files that are older, and those of models without positions, do not have the attribute. */
enum status checkpoint_read_positions(struct h5 *f, int64_t *positions)
{
    bool has;
    *positions = 1;
    TRY(h5_has_attr(f, "/", "label_positions", &has));
    if (has) TRY(h5_attr_int64(f, "/", "label_positions", positions));
    if (*positions >= 1) return STATUS_OK;
    return status_fail(STATUS_DATA,
                       "its attribute `label_positions` is invalid; the file was changed or damaged");
}

static enum status checkpoint_read_word(struct h5 *f, const char *attr, char word[CHECKPOINT_WORD])
{
    char *text = NULL;
    TRY(h5_attr_text(f, "/", attr, &text));
    snprintf(word, CHECKPOINT_WORD, "%s", text);
    mem_free(&text);
    return STATUS_OK;
}

/* Files of version 2 know images and vectors only. */
static enum status checkpoint_read_shape(struct h5 *f, const char *name, int64_t version, struct shape *shape)
{
    int64_t rank = 0;
    double features;
    char attr[CHECKPOINT_WORD];
    *shape = shape_flat(1);
    TRY(h5_attr_int64(f, "/", checkpoint_shape_attr(attr, name, -1), &shape->c));
    features = (double)shape->c;
    for (int a = version == 2 ? AXIS_H : AXIS_D; a < SHAPE_AXES; a++) {
        TRY(h5_attr_int64(f, "/", checkpoint_shape_attr(attr, name, a), &shape->d[a]));
        features *= (double)shape->d[a];
    }
    if (version == 2)
        rank = shape->d[AXIS_H] == 1 && shape->d[AXIS_W] == 1 ? 0 : 2;
    else
        TRY(h5_attr_int64(f, "/", checkpoint_shape_attr(attr, name, SHAPE_AXES), &rank));
    bool good = shape->c >= 1 && rank >= 0 && rank <= SHAPE_AXES && features <= 1e12;
    for (int a = 0; a < SHAPE_AXES; a++)
        good = good && shape->d[a] >= 1 && (a >= SHAPE_AXES - rank || shape->d[a] == 1);
    if (!good) return status_fail(STATUS_DATA, "its attributes are invalid; the file was changed or damaged");
    shape->rank = (int)rank;
    return STATUS_OK;
}

static enum status checkpoint_read_shapes(struct h5 *f, struct checkpoint_facts *facts)
{
    bool has;
    TRY(checkpoint_read_shape(f, "input", facts->version, &facts->input));
    facts->stored = facts->input;
    TRY(h5_has_attr(f, "/", "sample_channels", &has));
    return has ? checkpoint_read_shape(f, "sample", facts->version, &facts->stored) : STATUS_OK;
}

enum status checkpoint_facts_of(struct h5 *f, struct checkpoint_facts *facts)
{
    TRY(checkpoint_read_kind(f, &facts->kind));
    TRY(checkpoint_read_positions(f, &facts->positions));
    TRY(h5_attr_int64(f, "/", "version", &facts->version));
    TRY(h5_attr_int64(f, "/", "virtual_ranks", &facts->virtual_ranks));
    TRY(checkpoint_read_shapes(f, facts));
    TRY(h5_attr_int64(f, "/", "seed", &facts->seed));
    TRY(h5_attr_uint64(f, "/", "model_hash", &facts->model_hash));
    TRY(h5_attr_uint64(f, "/", "data_hash", &facts->data_hash));
    TRY(h5_attr_uint64(f, "/", "val_hash", &facts->val_hash));
    char features[CHECKPOINT_WORD];
    TRY(checkpoint_read_word(f, "features", features));
    facts->type = strcmp(features, feature_type_name(FEATURE_U8)) == 0 ? FEATURE_U8 : FEATURE_F32;
    TRY(checkpoint_read_word(f, "kernels", facts->isa));
    TRY(checkpoint_read_word(f, "blas", facts->blas));
    bool good = facts->virtual_ranks >= 1 && facts->virtual_ranks <= TREE_MAX_LEAVES;
    if (!good || facts->version < CHECKPOINT_OLDEST || facts->version > CHECKPOINT_VERSION)
        return status_fail(STATUS_DATA, "its attributes are invalid; the file was changed or damaged");
    return STATUS_OK;
}

enum status checkpoint_read_facts(const char *path, struct checkpoint_facts *facts)
{
    struct h5 *f = NULL;
    TRY(checkpoint_open(&f, path));
    enum status status = checkpoint_facts_of(f, facts);
    h5_close(&f);
    return status == STATUS_OK ? status : status_at(status, "%s", path);
}
