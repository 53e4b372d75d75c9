/* features.c - reads features of an HDF5 file as a model takes them. */
#include "data/source/h5/features.h"

#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "core/mem.h"
#include "data/config.h"
#include "data/source/finite.h"

#define SCRATCH_BYTES (1 << 20)

/* The orders of axes, as the attribute `layout` of the features and data.layout call them. */
static const struct layout layouts[] = {
    [LAYOUT_AUTO] = {NULL, 0, false},   [LAYOUT_NCL] = {"NCL", 3, false},
    [LAYOUT_NLC] = {"NLC", 3, true},    [LAYOUT_NCHW] = {"NCHW", 4, false},
    [LAYOUT_NHWC] = {"NHWC", 4, true},  [LAYOUT_NCDHW] = {"NCDHW", 5, false},
    [LAYOUT_NDHWC] = {"NDHWC", 5, true}};
#define LAYOUTS (sizeof layouts / sizeof layouts[0])

/* NCHW is the default, and fits everything that has its channels first. */
static enum status features_take_layout(struct features *f, const struct layout *layout)
{
    const struct h5_info *info = &f->x.info;
    char text[H5_TEXT_SIZE];
    if (layout == &layouts[LAYOUT_NCHW] && info->rank != 4) return STATUS_OK;
    h5_shape_text(info->rank, info->dims, text);
    if (info->rank != layout->rank)
        return status_fail(STATUS_DATA, "%s: has layout %s but shape %s; expected %d dimensions", f->x.where,
                           layout->name, text, layout->rank);
    f->layout = layout;
    return STATUS_OK;
}

static enum status features_look_up_layout(const char *where, const char *name, const struct layout **layout)
{
    *layout = NULL;
    for (size_t i = LAYOUT_NCL; i < LAYOUTS; i++)
        if (strcmp(name, layouts[i].name) == 0) *layout = &layouts[i];
    if (*layout) return STATUS_OK;
    return status_fail(STATUS_DATA,
                       "%s: has layout '%s'; use NCL, NCHW or NCDHW, or with the channels last NLC, NHWC or "
                       "NDHWC",
                       where, name);
}

enum status features_find_layout(struct h5 *file, const struct found *object, const struct layout **layout)
{
    char *name = NULL;
    if (!object->has_layout) return STATUS_OK;
    TRY(h5_attr_text(file, object->name, "layout", &name));
    enum status status = features_look_up_layout(object->where, name, layout);
    mem_free(&name);
    return status;
}

/* `wanted` is data.layout: it stands for an attribute that the file does not have. */
static enum status features_read_layout(struct features *f, struct h5 *file, int wanted)
{
    const struct layout *stored = NULL, *layout = wanted == LAYOUT_AUTO ? NULL : &layouts[wanted];
    TRY(features_find_layout(file, &f->x, &stored));
    if (stored && layout && stored != layout)
        return status_fail(STATUS_DATA, "%s: has layout %s, but data.layout is %s", f->x.where, stored->name,
                           layout->name);
    if (stored) layout = stored;
    return layout ? features_take_layout(f, layout) : STATUS_OK;
}

/* Shape of a sample of (N, dims...). */
static struct shape features_shape(const struct features *f)
{
    const int64_t *d = f->x.info.dims + 1;
    int axes = f->x.info.rank - 2; /* behind the first of the sample */
    if (f->layout && f->layout->channels_last) return shape_of(d[axes], axes, d);
    if (axes == 0) return shape_flat(d[0]);
    if (axes == 1 && !f->layout) return shape_2d(1, d[0], d[1]);
    return shape_of(d[0], axes, d + 1);
}

/* Warns of a shape that could be meant otherwise. */
static void features_warn_of_guess(const struct features *f)
{
    const int64_t *d = f->x.info.dims;
    int last = f->x.info.rank - 1;
    char text[H5_TEXT_SIZE];
    if (f->layout || last < 3 || d[1] <= 4 || (d[last] != 1 && d[last] != 3)) return;
    h5_shape_text(last + 1, d, text);
    log_warn("%s: shape %s is taken as %s; if the channels are last, set data.layout: %s", f->x.where, text,
             last == 3 ? "(N,C,H,W)" : "(N,C,D,H,W)", last == 3 ? "NHWC" : "NDHWC");
}

enum feature_type features_type(const struct found *x, const struct source_options *options)
{
    const struct h5_packing *p = h5_data_packing(x->data);
    bool bytes = x->info.kind == H5_KIND_INT && x->info.bytes == 1 && !x->info.is_signed && !options->wide;
    bool kept = h5_is_plain(p) || (!p->is_packed && !p->other_sign && options->missing == MISSING_ERROR);
    return bytes && kept ? FEATURE_U8 : FEATURE_F32;
}

static enum status features_describe(struct features *f, struct h5 *file,
                                     const struct source_options *options, struct source_info *out)
{
    const struct h5_info *info = &f->x.info;
    char text[H5_TEXT_SIZE];
    h5_shape_text(info->rank, info->dims, text);
    TRY(find_check_numbers(f->x.where, info));
    if (info->rank < 2 || info->rank > 2 + SHAPE_AXES)
        return status_fail(STATUS_DATA,
                           "%s: has shape %s; expected (N,F), (N,C,L), (N,H,W), (N,C,H,W) or (N,C,D,H,W)",
                           f->x.where, text);
    TRY(features_read_layout(f, file, options->layout));
    if (info->elements == 0)
        return status_fail(STATUS_DATA, "%s: has shape %s, which holds no sample", f->x.where, text);
    out->samples = info->dims[0];
    out->chunk = info->is_chunked ? info->chunk[0] : 0;
    out->type = features_type(&f->x, options);
    out->shape = features_shape(f);
    if (!options->quiet) features_warn_of_guess(f);
    return STATUS_OK;
}

enum status features_open(struct features *f, struct h5 *file, const struct source_options *options,
                          struct source_info *info)
{
    f->missing = options->missing;
    TRY(features_describe(f, file, options, info));
    if (!f->layout || !f->layout->channels_last) return STATUS_OK;
    int64_t row = shape_features(info->shape) * feature_bytes(info->type);
    f->scratch_rows = row < SCRATCH_BYTES ? SCRATCH_BYTES / row : 1;
    return mem_alloc(&f->scratch, (size_t)f->scratch_rows, (size_t)row, "channel reordering");
}

void features_close(struct features *f)
{
    h5_data_close(&f->x.data);
    mem_free(&f->scratch);
}

/* [count][positions][C] to [count][C][positions] */
static void features_channels_first(struct shape shape, enum feature_type type, int64_t count,
                                    const void *from, void *to)
{
    int64_t plane = shape_positions(shape);
    for (int64_t n = 0; n < count; n++)
        for (int64_t c = 0; c < shape.c; c++)
            for (int64_t i = 0; i < plane; i++) {
                int64_t target = (n * shape.c + c) * plane + i, origin = (n * plane + i) * shape.c + c;
                if (type == FEATURE_U8)
                    ((uint8_t *)to)[target] = ((const uint8_t *)from)[origin];
                else
                    ((float *)to)[target] = ((const float *)from)[origin];
            }
}

static enum status features_read_rows(const struct features *f, const struct source_info *info,
                                      struct range part, void *out)
{
    enum h5_type stored = info->type == FEATURE_U8 ? H5_TYPE_U8 : H5_TYPE_F32;
    if (!f->scratch) return find_read(&f->x, part, stored, out);
    int64_t row = shape_features(info->shape) * feature_bytes(info->type);
    for (int64_t at = 0, n; at < part.count; at += n) {
        n = part.count - at < f->scratch_rows ? part.count - at : f->scratch_rows;
        TRY(find_read(&f->x, range_part(part, at, n), stored, f->scratch));
        features_channels_first(info->shape, info->type, n, f->scratch, (char *)out + at * row);
    }
    return STATUS_OK;
}

enum status features_read(const struct features *f, const struct source_info *info, struct range part,
                          void *out)
{
    static const char remedy[] = "set data.missing to mean, zero or drop_sample";
    int64_t width = shape_features(info->shape);
    TRY(features_read_rows(f, info, part, out));
    return info->type == FEATURE_U8
               ? finite_check_bytes(&f->x, part, width, out, remedy)
               : finite_check(&f->x, part, width, out, "feature", f->missing != MISSING_ERROR, remedy);
}

enum status features_read_attribute(const struct features *f, struct h5 *file, const char *name,
                                    int64_t count, double *values, int64_t *found)
{
    const char *where = f->x.where;
    bool has;
    TRY(h5_has_attr(file, f->x.name, name, &has));
    if (!has)
        return status_fail(STATUS_DATA,
                           "%s: has no attribute '%s'; to see those that there are: h5dump -A %.*s", where,
                           name, (int)strcspn(where, ":"), where);
    *found = 1;
    if (h5_attr_doubles(file, f->x.name, name, 1, values) == STATUS_OK) return STATUS_OK;
    *found = count;
    enum status status = h5_attr_doubles(file, f->x.name, name, count, values);
    if (status == STATUS_OK) return STATUS_OK;
    return status_at(status, "%s: attribute '%s' should hold one number, or %lld", where, name,
                     (long long)count);
}
