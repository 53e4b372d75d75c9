/* labels.c - reads labels and weights of an HDF5 file as numbers. */
#include "data/source/h5/labels.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "data/config.h"
#include "data/source/finite.h"
#include "core/mem.h"

#define BLOCK_BYTES (1 << 14)
#define MISSING     INT64_MIN /* among integers that may be missing */

static const char remedy[] = "set data.missing: drop_sample";

static enum status labels_check_count(const struct found *found, const struct source_info *out)
{
    int64_t count = found->info.dims[0], samples = out->samples;
    if (count == samples) return STATUS_OK;
    if (out->shape.rank == 0 && count == out->shape.c)
        return status_fail(
            STATUS_DATA,
            "%s: has %" PRId64 " rows, as many as the features have columns, and these have %" PRId64
            " rows: features are (N,F), one row a sample; MATLAB writes the axes in reverse order, "
            "so transpose the features (data.layout is for images and signals)",
            found->where, count, samples);
    return status_fail(STATUS_DATA, "%s: has %" PRId64 " rows for %" PRId64 " samples", found->where, count,
                       samples);
}

static enum status labels_check_numbers(const struct found *found, const char *expected)
{
    const struct h5_info *info = &found->info;
    char text[H5_TEXT_SIZE];
    h5_shape_text(info->rank, info->dims, text);
    TRY(find_check_numbers(found->where, info));
    int64_t row = info->dims[0] ? info->elements / info->dims[0] : 1;
    if (info->rank < 1 || info->rank > 2 + SHAPE_AXES || row < 1 || row > INT32_MAX)
        return status_fail(STATUS_DATA, "%s: has shape %s; expected %s", found->where, text, expected);
    return STATUS_OK;
}

enum status labels_describe(struct labels *l, struct source_info *out)
{
    const struct h5_info *info = &l->y.info;
    char type[H5_TEXT_SIZE];
    find_take_lying(&l->y, out->samples);
    TRY(labels_check_numbers(&l->y, "class indices (N,), rows of labels or targets (N,K), or one of both for "
                                    "each position, such as (N,H,W) or (N,K,H,W)"));
    TRY(labels_check_count(&l->y, out));
    h5_type_text(info, type);
    l->width = info->elements / info->dims[0];
    out->has_labels = true;
    out->label_width = info->rank > 1 ? l->width : 0;
    out->label_rank = info->rank - 1;
    for (int i = 0; i < out->label_rank; i++) out->label_dims[i] = info->dims[1 + i];
    out->label_integers = info->kind == H5_KIND_INT && !h5_data_packing(l->y.data)->is_packed;
    snprintf(out->label_type, sizeof out->label_type, "%.15s", type);
    out->label_where = l->y.where;
    return STATUS_OK;
}

enum status labels_describe_weights(struct labels *l, struct source_info *out)
{
    static const char expected[] = "one weight a sample, (N,), or one for each position of the labels";
    TRY(labels_check_numbers(&l->weights, expected));
    find_take_lying(&l->weights, out->samples);
    const struct h5_info *info = &l->weights.info;
    TRY(labels_check_count(&l->weights, out));
    out->has_weights = true;
    out->weight_width = l->weight_width = info->elements / info->dims[0];
    if (l->weight_width == 1 || (out->label_rank > 0 && l->width % l->weight_width == 0)) return STATUS_OK;
    char text[H5_TEXT_SIZE];
    h5_shape_text(info->rank, info->dims, text);
    return status_fail(STATUS_DATA, "%s: has shape %s; expected %s", l->weights.where, text, expected);
}

static enum status labels_open_weights(struct labels *l, struct h5 *f, const char *path, const char *group,
                                       const struct source_options *names, struct source_info *out)
{
    if (!names->weights) return STATUS_OK;
    TRY(find_weights(f, path, group, names->weights, names->weights_optional, &l->weights));
    if (!l->weights.data) return STATUS_OK;
    if (names->samples == SAMPLES_FILES) find_take_whole(&l->weights, true);
    return labels_describe_weights(l, out);
}

void labels_set_missing(struct labels *l, const struct source_options *options)
{
    l->may_miss = options->missing == MISSING_DROP;
    l->has_ignored = options->has_ignored;
    l->ignored = options->ignored;
}

enum status labels_make_block(struct labels *l)
{
    int64_t row = l->width * (int64_t)sizeof *l->block;
    l->block_rows = row < BLOCK_BYTES ? BLOCK_BYTES / row : 1;
    return mem_alloc(&l->block, (size_t)l->block_rows, (size_t)row, "labels");
}

enum status labels_open(struct labels *l, struct h5 *f, const char *path, const char *group,
                        const struct source_options *names, struct source_info *info)
{
    labels_set_missing(l, names);
    if (l->y.data && names->samples == SAMPLES_FILES) find_take_whole(&l->y, true);
    if (l->y.data) TRY(labels_describe(l, info));
    TRY(labels_open_weights(l, f, path, group, names, info));
    if (!l->y.data) return STATUS_OK;
    l->integers = info->label_integers;
    return labels_make_block(l);
}

void labels_close(struct labels *l)
{
    h5_data_close(&l->y.data);
    h5_data_close(&l->weights.data);
    mem_free(&l->block);
}

static enum status labels_refuse_missing(const struct labels *l, int64_t sample, double value)
{
    return status_fail(STATUS_DATA,
                       "%s: sample %" PRId64 " has no label, but the fill value %.9g; leave it out, or %s",
                       l->y.where, sample, value, remedy);
}

/* Finds fill values, as stored, then gives the others their sign. */
static enum status labels_unpack(const struct labels *l, struct range part)
{
    const struct h5_packing *p = h5_data_packing(l->y.data);
    int64_t range = l->y.info.bytes < 8 ? INT64_C(1) << (8 * l->y.info.bytes) : 0;
    if (h5_is_plain(p)) return STATUS_OK;
    for (int64_t i = 0; i < part.count * l->width; i++) {
        int64_t *value = &l->block[i].integer;
        int fill = l->has_ignored && *value == l->ignored ? p->fill_count : 0;
        while (fill < p->fill_count && !(p->fills[fill].is_whole && p->fills[fill].whole == *value)) fill++;
        if (fill < p->fill_count && !l->may_miss)
            return labels_refuse_missing(l, range_at(part, i / l->width), (double)*value);
        if (fill < p->fill_count)
            *value = MISSING;
        else if (p->other_sign)
            *value += *value < 0 ? range : !l->y.info.is_signed && *value >= range / 2 ? -range : 0;
    }
    return STATUS_OK;
}

static enum status labels_take_indices(const struct labels *l, struct range part, int32_t *labels)
{
    for (int64_t i = 0; i < part.count * l->width; i++) {
        int64_t value = l->block[i].integer;
        if (value == MISSING && l->may_miss)
            value = SOURCE_MISSING;
        else if (value < INT32_MIN || value >= INT32_MAX)
            return status_fail(
                STATUS_DATA, "%s: sample %" PRId64 " has label %" PRId64 "; labels are class indices from 0",
                l->y.where, range_at(part, i / l->width), value);
        labels[i] = (int32_t)value;
    }
    return STATUS_OK;
}

/* Class indices that are stored as floats. */
static enum status labels_take_whole_numbers(const struct labels *l, struct range part, int32_t *labels)
{
    for (int64_t i = 0; i < part.count * l->width; i++) {
        double value = l->block[i].real;
        const struct h5_number *fill =
            isnan(value) ? h5_fill_of(h5_data_packing(l->y.data), (float)value) : NULL;
        if (fill && l->has_ignored && fill->is_whole && fill->whole == l->ignored) value = fill->real;
        if (isnan(value) && l->may_miss) {
            labels[i] = SOURCE_MISSING;
            continue;
        }
        if (isnan(value) && fill) return labels_refuse_missing(l, range_at(part, i / l->width), fill->real);
        if (!(value >= INT32_MIN && value < INT32_MAX && value == floor(value)))
            return status_fail(STATUS_DATA,
                               "%s: sample %" PRId64 " has label %.7g; labels are class indices from 0",
                               l->y.where, range_at(part, i / l->width), value);
        labels[i] = (int32_t)value;
    }
    return STATUS_OK;
}

/* An integer, unless it is missing, or a real number. */
static float labels_get_target(const struct labels *l, int64_t i)
{
    if (!l->integers) return (float)l->block[i].real;
    return l->may_miss && l->block[i].integer == MISSING ? NAN : (float)l->block[i].integer;
}

enum status labels_take_block(const struct labels *l, struct range part, int32_t *labels, float *targets)
{
    if (l->integers) TRY(labels_unpack(l, part));
    if (labels)
        TRY(l->integers ? labels_take_indices(l, part, labels) : labels_take_whole_numbers(l, part, labels));
    for (int64_t i = 0; targets && i < part.count * l->width; i++) targets[i] = labels_get_target(l, i);
    if (!targets || l->integers) return STATUS_OK;
    return finite_check(&l->y, part, l->width, targets, "column", l->may_miss, remedy);
}

/* HDF5 clips in silence what does not fit, so numbers come as the widest ones and are looked at here. */
static enum status labels_read_blocks(struct labels *l, struct range part, int32_t *labels, float *targets)
{
    for (int64_t at = 0, n; at < part.count; at += n) {
        n = part.count - at < l->block_rows ? part.count - at : l->block_rows;
        struct range now = range_part(part, at, n);
        TRY(find_read(&l->y, now, l->integers ? H5_TYPE_I64 : H5_TYPE_F64, l->block));
        TRY(labels_take_block(l, now, labels ? labels + at * l->width : NULL,
                              targets ? targets + at * l->width : NULL));
    }
    return STATUS_OK;
}

static enum status labels_read_numbers(struct labels *l, struct range part, const struct source_rows *rows)
{
    if (l->integers) return labels_read_blocks(l, part, rows->labels, rows->targets);
    if (rows->labels) TRY(labels_read_blocks(l, part, rows->labels, NULL));
    if (!rows->targets) return STATUS_OK;
    TRY(find_read(&l->y, part, H5_TYPE_F32, rows->targets));
    return finite_check(&l->y, part, l->width, rows->targets, "column", l->may_miss, remedy);
}

enum status labels_check_weights(const struct labels *l, struct range part, const float *weights)
{
    const struct found *w = &l->weights;
    TRY(finite_check(w, part, l->weight_width, weights, "column", l->may_miss, remedy));
    for (int64_t i = 0; i < part.count * l->weight_width; i++)
        if (weights[i] < 0)
            return status_fail(STATUS_DATA, "%s: sample %" PRId64 " has weight %g; weights are 0 or more",
                               w->where, range_at(part, i / l->weight_width), (double)weights[i]);
    return STATUS_OK;
}

enum status labels_read(struct labels *l, struct range part, const struct source_rows *rows)
{
    if (rows->labels || rows->targets) TRY(labels_read_numbers(l, part, rows));
    if (!rows->weights) return STATUS_OK;
    TRY(find_read(&l->weights, part, H5_TYPE_F32, rows->weights));
    return labels_check_weights(l, part, rows->weights);
}
