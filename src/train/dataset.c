#include "ddp/dataset.h"

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
    TRY(source_open(&d->source, locator, &(struct source_names){.x = x, .y = y}));
    const struct source_info *info = source_info(d->source);
    if (!info->label_integers || info->label_width > 1)
        return status_fail(STATUS_DATA, "%s: labels are not class indices, integers (N,)", info->label_where);
    d->sample_bytes = shape_features(info->shape) * feature_bytes(info->type);
    int64_t all;
    if (__builtin_mul_overflow(info->samples, d->sample_bytes + (int64_t)sizeof *d->labels, &all) ||
        all > PTRDIFF_MAX - MEM_ALIGN)
        return status_fail(STATUS_DATA, "%s: too large for the memory of a node", locator);
    return STATUS_OK;
}

void dataset_part(const struct dataset *d, int parts, int index, int64_t *first, int64_t *end)
{
    int64_t samples = source_info(d->source)->samples, blocks = moments_blocks(samples);
    *first = blocks * index / parts * MOMENTS_BLOCK;
    *end = blocks * (index + 1) / parts * MOMENTS_BLOCK;
    if (*end > samples) *end = samples;
}

static enum status read_share(struct dataset *d, const struct comm *comm)
{
    int64_t first, end;
    dataset_part(d, comm_local_size(comm), comm_local_rank(comm), &first, &end);
    for (; first < end; first += MOMENTS_BLOCK) {
        int64_t count = end - first < MOMENTS_BLOCK ? end - first : MOMENTS_BLOCK;
        struct source_rows rows = {.features = d->features + first * d->sample_bytes,
                                   .labels = d->labels + first};
        TRY(source_read(d->source, first, count, &rows));
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
        if (d->labels[i] < 0 || d->labels[i] >= outputs)
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
