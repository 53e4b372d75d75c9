/* import.c - loads what a file of another program has of the weights of a model, and says what it was. */
#include "train/import/import.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"
#include "io/h5/h5.h"
#include "train/import/private.h"

void import_note_gap(struct import_gaps *g, int64_t *count, const char *name, const char *why)
{
    if (g->unloaded + g->unused == 0) {
        snprintf(g->first, sizeof g->first, "%s: %s", name, why);
        utf8_mask_controls(g->first);
    }
    ++*count;
}

enum status import_check_gaps(const struct import_gaps *g)
{
    if (g->unloaded + g->unused == 0) return STATUS_OK;
    return status_fail(STATUS_DATA,
                       "--init-strict: %" PRId64 " tensors of the model are not loaded and %" PRId64
                       " of the file not used; the first is %s",
                       g->unloaded, g->unused, g->first);
}

void import_write_row(FILE *list, const char *name, const char *shape, const char *what)
{
    char row[IMPORT_ROW];
    snprintf(row, sizeof row, "  %-32s %-18s %s", name, shape, what);
    utf8_mask_controls(row);
    fprintf(list, "%s\n", row);
}

static void import_row(const struct import *s, const char *name, int rank, const int64_t *dims,
                       const char *what)
{
    char shape[H5_TEXT_SIZE];
    h5_shape_text(rank, dims, shape);
    import_write_row(s->list, name, shape, what);
}

/* Whether all of its tensors have a number for every feature, so that features may change places. */
static bool import_is_by_feature(const struct layer *l)
{
    for (int k = 0; k < l->tensor_count; k++)
        if (l->tensors[k].rank != 1 || l->tensors[k].dims[0] != shape_features(l->in[0])) return false;
    return true;
}

/* Returns the shape of the image that a layer reads flattened, or one without positions. */
static struct shape import_find_image(const struct model *m, const struct layer *l)
{
    struct shape in = l->in[0];
    while (shape_positions(in) == 1 && l->input_count == 1 && l->inputs[0] > 0) {
        l = model_layer(m, l->inputs[0] - 1);
        if (l->input_count != 1 || !import_is_by_feature(l) || shape_features(l->in[0]) != shape_features(in))
            break;
        in = l->in[0];
    }
    return in;
}

/* Programs that keep channels last flatten an image into another order: turns the columns of a matrix [rows][h * w * c], or
 * a vector of a norm, to [rows][c * h * w]. */
static enum status import_turn_columns(const struct import *s, const struct import_ours *o, float *values)
{
    struct shape image = import_find_image(s->model, o->layer);
    int rank = o->tensor->rank;
    int64_t columns = o->tensor->dims[rank - 1], rows = rank == 2 ? o->tensor->dims[0] : 1;
    int64_t positions = shape_positions(image);
    float *row;
    if (rank == 1 && !import_is_by_feature(o->layer)) return STATUS_OK; /* a bias of a linear layer */
    if (positions == 1 || columns != shape_features(image)) return STATUS_OK;
    TRY(mem_alloc(&row, (size_t)columns, sizeof *row, "row of weights"));
    for (int64_t r = 0; r < rows; r++, values += columns) {
        memcpy(row, values, (size_t)columns * sizeof *row);
        for (int64_t c = 0; c < image.c; c++)
            for (int64_t p = 0; p < positions; p++) values[c * positions + p] = row[p * image.c + c];
    }
    mem_free(&row);
    return STATUS_OK;
}

static enum status import_load(const struct import *s, const struct import_ours *o)
{
    const struct archive_entry *e = s->theirs[o->match].entry;
    float *values = s->params + o->tensor->offset;
    TRY(archive_read(s->archive, o->match, values));
    for (int64_t i = 0; i < e->elements; i++)
        if (!isfinite(values[i]))
            return status_fail(STATUS_DATA, "%s: element %" PRId64 " is %f as float32", e->name, i,
                               (double)values[i]);
    return e->flattens_last ? import_turn_columns(s, o, values) : STATUS_OK;
}

static enum status import_take(struct import *s, int64_t index)
{
    const struct import_ours *o = &s->ours[index];
    char what[IMPORT_NAME + H5_TEXT_SIZE + 128], why[IMPORT_NAME + H5_TEXT_SIZE + 64] = "missing in the file";
    if (o->match >= 0 && import_fits(s, index, o->match)) {
        const char *name = s->theirs[o->match].entry->name;
        TRY(import_load(s, o));
        s->loaded++;
        snprintf(what, sizeof what, strcmp(name, o->name) == 0 ? "loaded" : "loaded from %s%s", name,
                 o->by_order ? ", by order" : "");
        import_row(s, o->name, o->tensor->rank, o->tensor->dims, what);
        return STATUS_OK;
    }
    if (o->match >= 0) {
        const struct archive_entry *e = s->theirs[o->match].entry;
        char shape[H5_TEXT_SIZE];
        h5_shape_text(e->rank, e->dims, shape);
        snprintf(why, sizeof why, "%s in the file %s%s", e->name, *e->problem ? "" : "has shape ",
                 *e->problem ? e->problem : shape);
    }
    snprintf(what, sizeof what, "not loaded, keeps its initial values: %s", why);
    import_row(s, o->name, o->tensor->rank, o->tensor->dims, what);
    import_note_gap(&s->gaps, &s->gaps.unloaded, o->name, why);
    return STATUS_OK;
}

static bool import_is_ours(const struct import *s, const char *name)
{
    for (int64_t i = 0; i < s->ours_count; i++)
        if (strcmp(s->ours[i].name, name) == 0) return true;
    return false;
}

static void import_list_unused(struct import *s)
{
    for (int64_t i = 0; i < s->theirs_count; i++) {
        const struct import_theirs *t = &s->theirs[i];
        char why[IMPORT_NAME + ARCHIVE_PROBLEM + 64] = "not in this model";
        if (t->ignored || t->match >= 0) continue;
        if (*t->renamed)
            snprintf(why, sizeof why, "renamed to %s, which %s", t->renamed,
                     import_is_ours(s, t->renamed) ? "another tensor of the file is taken for"
                                                   : "is not in this model");
        else if (*t->entry->problem)
            snprintf(why, sizeof why, "not in this model; %s", t->entry->problem);
        char what[sizeof why + 16];
        snprintf(what, sizeof what, "not used: %s", why);
        import_row(s, t->entry->name, t->entry->rank, t->entry->dims, what);
        import_note_gap(&s->gaps, &s->gaps.unused, t->entry->name, why);
    }
}

/* The model's tensors in PyTorch's order. */
static enum status import_list_ours(struct import *s)
{
    int64_t count = 0;
    for (int i = 0; i < model_layer_count(s->model); i++)
        count += layer_own_tensors(model_layer(s->model, i));
    TRY(mem_alloc(&s->ours, (size_t)count, sizeof *s->ours, "list of weights"));
    for (int i = 0; i < model_layer_count(s->model); i++) {
        const struct layer *l = model_layer(s->model, i);
        for (int k = 0; k < layer_own_tensors(l); k++) {
            struct import_ours *o = &s->ours[s->ours_count++];
            *o = (struct import_ours){.layer = l, .tensor = &l->tensors[k], .match = -1};
            state_dict_name(l, o->tensor->name, o->name);
        }
    }
    return STATUS_OK;
}

/* Whether it is another name for tensors that layers of the model share. */
static bool import_is_shared(const struct import *s, const char *name)
{
    for (int i = 0; i < model_layer_count(s->model); i++) {
        const struct layer *l = model_layer(s->model, i);
        for (int k = layer_own_tensors(l); k < l->tensor_count; k++) {
            char key[STATE_DICT_NAME];
            state_dict_name(l, l->tensors[k].name, key);
            if (strcmp(key, name) == 0) return true;
        }
    }
    return false;
}

/* Integers and truth values are no weights: counters, states of random numbers. */
static enum status import_list_theirs(struct import *s)
{
    s->theirs_count = archive_count(s->archive);
    TRY(mem_alloc(&s->theirs, (size_t)s->theirs_count, sizeof *s->theirs, "list of weights"));
    for (int64_t i = 0; i < s->theirs_count; i++) {
        const struct archive_entry *e = archive_entry(s->archive, i);
        s->theirs[i] = (struct import_theirs){.entry = e, .match = -1};
        s->theirs[i].ignored = e->type == ARCHIVE_INTEGER || import_is_shared(s, e->name);
    }
    return STATUS_OK;
}

static enum status import_all(struct import *s)
{
    TRY(import_list_ours(s));
    TRY(import_list_theirs(s));
    TRY(import_match(s));
    for (int64_t i = 0; i < s->ours_count; i++) TRY(import_take(s, i));
    import_list_unused(s);
    if (s->loaded > 0) return STATUS_OK;
    return status_fail(STATUS_CONFIG,
                       "none of its %" PRId64
                       " tensors matches a tensor of this model in name and shape, or in "
                       "order and shape; --init-map FILE can rename them",
                       s->theirs_count);
}

enum status import_weights(const struct model *m, const char *path, const struct import_renames *renames,
                           bool strict, float *params, FILE *list)
{
    struct import s = {.model = m, .path = path, .renames = renames, .params = params, .list = list};
    TRY(archive_open(&s.archive, path));
    enum status status = import_all(&s);
    if (status == STATUS_OK && strict) status = import_check_gaps(&s.gaps);
    mem_free(&s.ours);
    mem_free(&s.theirs);
    archive_close(&s.archive);
    return status == STATUS_OK ? status : status_at(status, "%s", path);
}
