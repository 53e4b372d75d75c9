#include "ddp/dataset.h"

#include <assert.h>
#include <string.h>

#include "ddp/hash.h"
#include "ddp/mem.h"
#include "ddp/moments.h"
#include "ddp/shared.h"

struct dataset {
    struct source *source; /* stays open for its info */
    struct shared *window; /* features [N][F] | labels [N] */
    char *locator;
    char *features;
    int32_t *labels;
    int64_t sample_bytes;
    size_t bytes;
};

static enum status open_source(struct dataset *d, const char *locator, const char *x, const char *y)
{
    TRY(mem_copy_text(&d->locator, locator));
    TRY(source_open(&d->source, locator, x, y));
    const struct source_info *info = source_info(d->source);
    d->sample_bytes = shape_features(info->shape) * feature_bytes(info->type);
    int64_t all;
    if (__builtin_mul_overflow(info->samples, d->sample_bytes + (int64_t)sizeof *d->labels, &all) ||
        all > PTRDIFF_MAX - MEM_ALIGN)
        return status_fail(STATUS_DATA, "%s: too large for the memory of a node", locator);
    return STATUS_OK;
}

/* Part `index` of `parts` of the set, in whole blocks of moments. */
static void cut_blocks(int64_t samples, int parts, int index, int64_t *first, int64_t *end)
{
    int64_t blocks = moments_blocks(samples);
    *first = blocks * index / parts * MOMENTS_BLOCK;
    *end = blocks * (index + 1) / parts * MOMENTS_BLOCK;
    if (*end > samples) *end = samples;
}

static enum status read_share(struct dataset *d, const struct comm *comm)
{
    int64_t first, end;
    cut_blocks(source_info(d->source)->samples, comm_local_size(comm), comm_local_rank(comm), &first, &end);
    for (; first < end; first += MOMENTS_BLOCK) {
        int64_t count = end - first < MOMENTS_BLOCK ? end - first : MOMENTS_BLOCK;
        TRY(source_read(d->source, first, count, d->features + first * d->sample_bytes, d->labels + first));
    }
    return STATUS_OK;
}

enum status dataset_load(struct dataset **out, struct comm *comm, const char *locator, const char *x,
                         const char *y)
{
    TRY(comm_agree(comm, mem_alloc(out, 1, sizeof **out, "data set")));
    struct dataset *d = *out;
    TRY(comm_agree(comm, open_source(d, locator, x, y)));
    int64_t samples = source_info(d->source)->samples;
    size_t features = (size_t)(samples * d->sample_bytes + MEM_ALIGN - 1) / MEM_ALIGN * MEM_ALIGN;
    d->bytes = features + (size_t)samples * sizeof *d->labels;
    TRY(shared_create(&d->window, comm, d->bytes, locator));
    d->features = shared_base(d->window);
    d->labels = (int32_t *)(void *)(d->features + features);
    TRY(comm_agree(comm, read_share(d, comm)));
    return STATUS_OK;
}

void dataset_destroy(struct dataset **d)
{
    if (!*d) return;
    shared_destroy(&(*d)->window);
    source_close(&(*d)->source);
    mem_free(&(*d)->locator);
    mem_free(d);
}

const char *dataset_locator(const struct dataset *d)
{
    return d->locator;
}

const struct source_info *dataset_info(const struct dataset *d)
{
    return source_info(d->source);
}

const void *dataset_features(const struct dataset *d, int64_t sample)
{
    return d->features + sample * d->sample_bytes;
}

int32_t dataset_label(const struct dataset *d, int64_t sample)
{
    return d->labels[sample];
}

const char *const *dataset_class_names(const struct dataset *d, int64_t classes)
{
    const struct source_info *info = source_info(d->source);
    return info->class_count == classes ? info->class_names : NULL;
}

enum status dataset_check_labels(const struct dataset *d, int64_t outputs)
{
    int64_t samples = source_info(d->source)->samples;
    for (int64_t i = 0; i < samples; i++)
        if (d->labels[i] >= outputs)
            return status_fail(
                STATUS_DATA,
                "%s: sample %lld has label %d but the model has %lld outputs; widen its last layer",
                d->locator, (long long)i, d->labels[i], (long long)outputs);
    return STATUS_OK;
}

size_t dataset_bytes(const struct dataset *d)
{
    return d->bytes;
}

uint64_t dataset_hash(const struct dataset *d)
{
    int64_t samples = source_info(d->source)->samples;
    struct hash h;
    hash_begin(&h);
    hash_add(&h, d->features, (size_t)(samples * d->sample_bytes));
    hash_add(&h, d->labels, (size_t)samples * sizeof *d->labels);
    return hash_end(&h);
}

enum status normal_restore(struct normal *n, int64_t channels)
{
    n->channels = channels;
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
        cut_blocks(info->samples, comm_size(comm), comm_rank(comm), &first, &end);
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
    TRY(comm_agree(comm, normal_restore(n, info->shape.c)));
    if (mode == NORMALIZE_AUTO) TRY(measure(n, comm, d));
    if (mode == NORMALIZE_UNIT && info->type == FEATURE_U8)
        for (int64_t c = 0; c < n->channels; c++) n->std[c] = 255;
    normal_finish(n);
    return STATUS_OK;
}
