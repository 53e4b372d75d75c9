/* weights.c - starts a new run from weights of a checkpoint, or of another program. */
#include <string.h>

#include "core/mem.h"
#include "train/checkpoint/private.h"
#include "train/import/import.h"
#include "train/trainer/private.h"

struct taking {
    const struct model *model;
    const struct trainer_init *from;
    const char *group; /* of the weights in the file */
    FILE *list;
    struct h5 *file;
    float *params;
    int64_t taken;
    char (*used)[CHECKPOINT_PATH]; /* [used_count]: what was looked at in the file */
    int64_t used_count;
    struct import_gaps gaps;
};

static void weights_report(const struct taking *s, const char *name, int rank, const int64_t *dims,
                           const char *what)
{
    char shape[H5_TEXT_SIZE];
    h5_shape_text(rank, dims, shape);
    import_write_row(s->list, name, shape, what);
}

static enum status weights_leave(struct taking *s, const char *name, const struct tensor *t, const char *why)
{
    import_note_gap(&s->gaps, &s->gaps.unloaded, name, why);
    char text[2 * H5_TEXT_SIZE];
    snprintf(text, sizeof text, "not loaded, keeps its initial values: %s", why);
    weights_report(s, name, t->rank, t->dims, text);
    return STATUS_OK;
}

static enum status weights_take_tensor(void *self, const struct layer *l, const struct tensor *t)
{
    struct taking *s = self;
    char name[CHECKPOINT_PATH], shape[H5_TEXT_SIZE], why[H5_TEXT_SIZE + 32];
    TRY(checkpoint_find_tensor(s->file, s->group, l, t, true, name));
    memcpy(s->used[s->used_count++], name, sizeof name);
    enum h5_object what;
    TRY(h5_find(s->file, name, &what));
    if (what != H5_OBJECT_DATASET) return weights_leave(s, name, t, "missing in the file");
    struct h5_data *data = NULL;
    TRY(h5_data_open(&data, s->file, name));
    const struct h5_info *info = h5_data_info(data);
    bool fits = checkpoint_tensor_fits(info, t);
    h5_shape_text(info->rank, info->dims, shape);
    h5_data_close(&data);
    snprintf(why, sizeof why, "the file has shape %s", shape);
    if (!fits) return weights_leave(s, name, t, why);
    TRY(checkpoint_read_tensor(s->file, name, t, s->params + t->offset));
    weights_report(s, name, t->rank, t->dims, "loaded");
    s->taken++;
    return STATUS_OK;
}

/* Lists a tensor of the file that this model does not have. */
static void weights_list_unused(void *self, const char *name, const struct h5_info *info)
{
    struct taking *s = self;
    bool used = false;
    char path[2 * CHECKPOINT_PATH];
    snprintf(path, sizeof path, "%s/%s", s->group, name);
    for (int64_t i = 0; i < s->used_count && !used; i++) used = strcmp(s->used[i], path) == 0;
    if (!info || used) return;
    weights_report(s, path, info->rank, info->dims, "not used: not in this model");
    import_note_gap(&s->gaps, &s->gaps.unused, path, "not in this model");
}

static enum status weights_count_tensor(void *self, const struct layer *l, const struct tensor *t)
{
    (void)l, (void)t;
    ++*(int64_t *)self;
    return STATUS_OK;
}

static enum status weights_take_all(struct taking *s)
{
    int64_t count = 0;
    TRY(checkpoint_find_weights(s->file, s->from->plain, &s->group));
    TRY(checkpoint_each_tensor(s->model, weights_count_tensor, &count));
    TRY(mem_alloc(&s->used, (size_t)count, sizeof *s->used, "names of tensors"));
    TRY(checkpoint_each_tensor(s->model, weights_take_tensor, s));
    TRY(h5_visit(s->file, s->group, weights_list_unused, s));
    if (s->taken > 0) return s->from->strict ? import_check_gaps(&s->gaps) : STATUS_OK;
    return status_fail(STATUS_CONFIG, "none of its tensors matches a tensor of this model in name and shape");
}

static enum status weights_take_checkpoint(struct taking *s)
{
    if (s->from->renames)
        return status_fail(STATUS_CONFIG, "--init-map is for files of other programs; %s is a checkpoint",
                           s->from->path);
    TRY(checkpoint_open(&s->file, s->from->path));
    enum status status = weights_take_all(s);
    mem_free(&s->used);
    h5_close(&s->file);
    return status == STATUS_OK ? status : status_at(status, "%s", s->from->path);
}

/* Loads the weights; rank 0. */
static enum status weights_take(void *self, float *params, float *const slots[SYNC_SLOTS])
{
    (void)slots;
    struct taking *s = self;
    const struct trainer_init *from = s->from;
    s->params = params;
    if (checkpoint_is(from->path)) return weights_take_checkpoint(s);
    return import_weights(s->model, from->path, from->renames, from->strict, params, s->list);
}

enum status trainer_init_from(struct trainer *t, const struct trainer_init *from, FILE *list)
{
    struct taking s = {.model = t->model, .from = from, .list = list};
    return sync_restore(t->sync, weights_take, &s);
}
