/* normalize.c - measures a training set and derives scale and shift of every channel. */
#include "data/normalize.h"

#include <assert.h>
#include <math.h>

#include "core/mem.h"
#include "data/moments.h"

/* What is measured: rows of `shape` for each sample. */
struct measured {
    const struct dataset *data;
    enum feature_type type;
    struct shape shape;
    const void *(*at)(const struct measured *r, int64_t sample);
    const float *missing; /* [channels]: stands for NaN; NULL = there is none */
    float *row;           /* [features], where there is */
};

static const void *normal_features_at(const struct measured *r, int64_t sample)
{
    const void *features;
    dataset_take(r->data, &sample, 1, &(struct dataset_rows){.features = &features});
    if (!r->missing) return features;
    int64_t plane = shape_positions(r->shape);
    for (int64_t i = 0; i < r->shape.c * plane; i++) {
        float value = ((const float *)features)[i];
        r->row[i] = isnan(value) ? r->missing[i / plane] : value;
    }
    return r->row;
}

static const void *normal_targets_at(const struct measured *r, int64_t sample)
{
    return dataset_targets(r->data, sample);
}

/* The shift against cancellation is the first sample's mean of each channel. */
static void normal_first_means(const struct measured *r, float *shift)
{
    if (r->type != FEATURE_F32) return;
    const float *x = r->at(r, 0);
    assert(shift); /* a sample has channels */
    int64_t plane = shape_positions(r->shape);
    for (int64_t c = 0; c < r->shape.c; c++) {
        double sum = 0;
        for (int64_t i = 0; i < plane; i++) sum += x[c * plane + i];
        shift[c] = (float)(sum / (double)plane);
    }
}

static enum status normal_fill_table(const struct measured *r, const struct comm *comm, const float *shift,
                                     double *table)
{
    int64_t first, end;
    dataset_part(r->data, comm_size(comm), comm_rank(comm), &first, &end);
    TRY(dataset_stream(r->data, first, end, 1));
    for (int64_t i = first; i < end; i++)
        moments_add(r->type, r->shape, r->at(r, i), shift,
                    table + i / MOMENTS_BLOCK * moments_block_doubles(r->shape.c));
    return dataset_status(r->data);
}

/* Every rank measures its share of the blocks; the merged table is added in block order by all. */
static enum status normal_measure(struct normal *n, struct comm *comm, const struct measured *r)
{
    int64_t samples = dataset_info(r->data)->samples, blocks = moments_blocks(samples);
    int64_t doubles = blocks * moments_block_doubles(r->shape.c);
    double *table = NULL;
    float *shift = NULL;
    enum status status = mem_alloc(&table, (size_t)doubles, sizeof *table, "moments");
    if (status == STATUS_OK) status = mem_alloc(&shift, (size_t)r->shape.c, sizeof *shift, "moments");
    status = comm_agree(comm, status);
    if (status == STATUS_OK) {
        normal_first_means(r, shift);
        status = comm_agree(comm, normal_fill_table(r, comm, shift, table));
    }
    if (status == STATUS_OK) {
        comm_merge_doubles(comm, table, doubles);
        moments_finish(r->type, r->shape, samples, shift, table, blocks, n->mean, n->std);
    }
    mem_free(&table);
    mem_free(&shift);
    return status;
}

/* A block's table: sums of all channels, then how many values are there. */
static enum status normal_fill_counts(const struct measured *r, const struct comm *comm, double *table)
{
    int64_t first, end, channels = r->shape.c, plane = shape_positions(r->shape);
    dataset_part(r->data, comm_size(comm), comm_rank(comm), &first, &end);
    TRY(dataset_stream(r->data, first, end, 1));
    for (int64_t i = first; i < end; i++) {
        double *block = table + i / MOMENTS_BLOCK * 2 * channels;
        const float *x = r->at(r, i);
        for (int64_t k = 0; k < channels * plane; k++) {
            if (isnan(x[k])) continue;
            block[k / plane] += (double)x[k];
            block[channels + k / plane]++;
        }
    }
    return dataset_status(r->data);
}

static enum status normal_finish_missing(struct normal *n, const struct measured *r, const double *table,
                                         int64_t blocks)
{
    for (int64_t c = 0; c < n->channels; c++) {
        double sum = 0, count = 0;
        for (int64_t b = 0; b < blocks; b++) {
            sum += table[b * 2 * n->channels + c];
            count += table[b * 2 * n->channels + n->channels + c];
        }
        if (count == 0)
            return status_fail(
                STATUS_DATA,
                "%s: every value of %s %lld is missing, so it has no mean; leave it out, or set "
                "data.missing: zero",
                dataset_locator(r->data), shape_positions(r->shape) == 1 ? "feature" : "channel",
                (long long)c);
        n->missing[c] = (float)(sum / count);
    }
    return STATUS_OK;
}

/* Finds what stands for missing values, as floats alone have them. */
static enum status normal_measure_missing(struct normal *n, struct comm *comm, struct measured *r)
{
    enum data_missing missing = dataset_missing(r->data);
    int64_t blocks = moments_blocks(dataset_info(r->data)->samples), doubles = blocks * 2 * r->shape.c;
    double *table = NULL;
    if (r->type != FEATURE_F32 || (missing != MISSING_MEAN && missing != MISSING_ZERO)) return STATUS_OK;
    enum status status = normal_add_missing(n);
    if (status == STATUS_OK)
        status = mem_alloc(&r->row, (size_t)shape_features(r->shape), sizeof *r->row, "normalisation");
    if (status == STATUS_OK) status = mem_alloc(&table, (size_t)doubles, sizeof *table, "moments");
    status = comm_agree(comm, status);
    if (status == STATUS_OK && missing == MISSING_MEAN)
        status = comm_agree(comm, normal_fill_counts(r, comm, table));
    if (status == STATUS_OK && missing == MISSING_MEAN) {
        comm_merge_doubles(comm, table, doubles);
        status = normal_finish_missing(n, r, table, blocks);
    }
    mem_free(&table);
    r->missing = n->missing;
    return status;
}

/* Allocates for the channels of `rows` and, if asked for, measures them. */
static enum status normal_init_rows(struct normal *n, struct comm *comm, struct measured *rows, bool measured)
{
    enum status status = comm_agree(comm, normal_init_empty(n, rows->shape.c, rows->type));
    if (status == STATUS_OK && rows->at == normal_features_at) status = normal_measure_missing(n, comm, rows);
    if (status == STATUS_OK && measured) status = normal_measure(n, comm, rows);
    mem_free(&rows->row);
    if (status != STATUS_OK) normal_free(n);
    return status;
}

enum status normal_init(struct normal *n, struct comm *comm, const struct dataset *d,
                        enum data_normalize mode)
{
    const struct source_info *info = dataset_info(d);
    struct measured rows = {.data = d, .type = info->type, .shape = info->shape, .at = normal_features_at};
    if (mode == NORMALIZE_STANDARD) rows.shape = shape_flat(shape_features(info->shape));
    TRY(normal_init_rows(n, comm, &rows, mode == NORMALIZE_AUTO || mode == NORMALIZE_STANDARD));
    if (mode == NORMALIZE_UNIT && info->type == FEATURE_U8)
        for (int64_t c = 0; c < n->channels; c++) n->std[c] = 255;
    normal_finish(n);
    return STATUS_OK;
}

enum status normal_init_targets(struct normal *n, struct comm *comm, const struct dataset *d)
{
    struct measured rows = {
        .data = d, .type = FEATURE_F32, .shape = shape_flat(dataset_width(d)), .at = normal_targets_at};
    TRY(normal_init_rows(n, comm, &rows, true));
    normal_finish(n);
    return STATUS_OK;
}

enum status normal_check(const struct normal *n, const struct dataset *d)
{
    const struct source_info *info = dataset_info(d);
    if (info->type != n->type)
        return status_fail(STATUS_DATA,
                           "%s: features are %s but those of the training set are %s; store both alike",
                           dataset_locator(d), feature_type_name(info->type), feature_type_name(n->type));
    if (shape_features(info->shape) % n->channels != 0)
        return status_fail(
            STATUS_DATA, "%s: %lld features do not divide into the training set's %lld channels",
            dataset_locator(d), (long long)shape_features(info->shape), (long long)n->channels);
    enum status status = transforms_check(&n->transforms, shape_features(info->shape));
    return status == STATUS_OK ? status : status_at(status, "%s", dataset_locator(d));
}
