#include "ddp/normal.h"

#include <assert.h>

#include "ddp/mem.h"
#include "ddp/moments.h"

enum status normal_allocate(struct normal *n, int64_t channels, enum feature_type type)
{
    n->channels = channels;
    n->type = type;
    float **arrays[] = {&n->mean, &n->std, &n->scale, &n->shift};
    for (int i = 0; i < 4; i++) TRY(mem_alloc(arrays[i], (size_t)channels, sizeof(float), "normalisation"));
    for (int64_t c = 0; c < channels; c++) n->std[c] = 1;
    return STATUS_OK;
}

void normal_finish(struct normal *n)
{
    for (int64_t c = 0; c < n->channels; c++) {
        n->scale[c] = 1 / n->std[c];
        n->shift[c] = -n->mean[c] / n->std[c];
    }
}

void normal_destroy(struct normal *n)
{
    float **arrays[] = {&n->mean, &n->std, &n->scale, &n->shift};
    for (int i = 0; i < 4; i++) mem_free(arrays[i]);
}

/* The shift against cancellation is the first sample's mean of each channel. */
static void first_means(const struct dataset *d, float *shift)
{
    const struct source_info *info = dataset_info(d);
    if (info->type != FEATURE_F32) return;
    const float *x = dataset_features(d, 0);
    assert(shift); /* a sample has channels */
    int64_t plane = info->shape.h * info->shape.w;
    for (int64_t c = 0; c < info->shape.c; c++) {
        double sum = 0;
        for (int64_t i = 0; i < plane; i++) sum += x[c * plane + i];
        shift[c] = (float)(sum / (double)plane);
    }
}

/* Every rank measures its share of the blocks; the merged table is added in block order by all. */
static enum status measure(struct normal *n, struct comm *comm, const struct dataset *d)
{
    const struct source_info *info = dataset_info(d);
    int64_t blocks = moments_blocks(info->samples), width = moments_block_doubles(info->shape.c), first, end;
    double *table = NULL;
    float *shift = NULL;
    enum status status = mem_alloc(&table, (size_t)(blocks * width), sizeof *table, "moments");
    if (status == STATUS_OK) status = mem_alloc(&shift, (size_t)info->shape.c, sizeof *shift, "moments");
    status = comm_agree(comm, status);
    if (status == STATUS_OK) {
        first_means(d, shift);
        dataset_part(d, comm_size(comm), comm_rank(comm), &first, &end);
        for (; first < end; first += MOMENTS_BLOCK) {
            int64_t count = end - first < MOMENTS_BLOCK ? end - first : MOMENTS_BLOCK;
            moments_block(info->type, info->shape, dataset_features(d, first), count, shift,
                          table + first / MOMENTS_BLOCK * width);
        }
        comm_merge_doubles(comm, table, blocks * width);
        moments_finish(info->type, info->shape, info->samples, shift, table, blocks, n->mean, n->std);
    }
    mem_free(&table);
    mem_free(&shift);
    return status;
}

enum status normal_create(struct normal *n, struct comm *comm, const struct dataset *d,
                          enum config_normalize mode)
{
    const struct source_info *info = dataset_info(d);
    TRY(comm_agree(comm, normal_allocate(n, info->shape.c, info->type)));
    if (mode == NORMALIZE_AUTO) TRY(measure(n, comm, d));
    if (mode == NORMALIZE_UNIT && info->type == FEATURE_U8)
        for (int64_t c = 0; c < n->channels; c++) n->std[c] = 255;
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
    return STATUS_OK;
}
