/* dataset.c - gives access to the samples of a set. */
#include "data/dataset/dataset.h"

#include "core/mem.h"
#include "data/dataset/private.h"
#include "data/measure/moments.h"

void dataset_destroy(struct dataset **d)
{
    if (!*d) return;
    struct pool *s = (*d)->pool;
    store_destroy(&(*d)->store);
    shared_destroy(&(*d)->choice);
    shared_destroy(&(*d)->draws);
    if (s && --s->views == 0) {
        shared_destroy(&s->window);
        source_close(&s->source);
        mem_free(&s->locator);
        mem_free(&s->full_locator);
        mem_free(&s->found);
        mem_free(&(*d)->pool);
    }
    mem_free(d);
}

enum status dataset_check(const struct dataset *d)
{
    return source_check(d->pool->source);
}

void dataset_part(const struct dataset *d, int parts, int index, int64_t *first, int64_t *end)
{
    *first = moments_part_begin(d->info.samples, parts, index);
    *end = moments_part_begin(d->info.samples, parts, index + 1);
}

const char *dataset_locator(const struct dataset *d)
{
    return d->pool->locator;
}

const struct source_info *dataset_info(const struct dataset *d)
{
    return &d->info;
}

int64_t dataset_place(const struct dataset *d, int64_t sample)
{
    return d->numbers ? d->numbers[sample] : sample;
}

enum target_kind dataset_kind(const struct dataset *d)
{
    return d->pool->kind;
}

int64_t dataset_width(const struct dataset *d)
{
    return d->pool->labels ? 0 : d->pool->channels;
}

int64_t dataset_positions(const struct dataset *d)
{
    return d->pool->positions;
}

bool dataset_has_targets(const struct dataset *d)
{
    return d->info.has_labels || d->info.labels_are_features;
}

bool dataset_targets_are_features(const struct dataset *d)
{
    return d->info.labels_are_features;
}

const int32_t *dataset_classes(const struct dataset *d, int64_t sample)
{
    return d->pool->labels + dataset_place(d, sample) * d->pool->width;
}

const float *dataset_targets(const struct dataset *d, int64_t sample)
{
    return d->pool->targets + dataset_place(d, sample) * d->pool->width;
}

const float *dataset_weights(const struct dataset *d, int64_t sample)
{
    return d->pool->weights + dataset_place(d, sample) * d->pool->weight_width;
}

int64_t dataset_weight_width(const struct dataset *d)
{
    return d->pool->weight_width;
}

void dataset_take(const struct dataset *d, const int64_t *samples, int64_t count,
                  const struct dataset_rows *rows)
{
    const struct pool *s = d->pool;
    if (rows->features) store_take(d->store, samples, count, rows->features);
    if (!rows->labels && !rows->targets && !rows->weights) return;
    for (int64_t i = 0; i < count; i++) {
        int64_t at = dataset_place(d, samples[i]);
        if (rows->labels && s->labels) rows->labels[i] = s->labels + at * s->width;
        if (rows->targets && s->targets) rows->targets[i] = s->targets + at * s->width;
        if (rows->weights && s->weights) rows->weights[i] = s->weights + at * s->weight_width;
    }
}

int64_t dataset_number(const struct dataset *d, int64_t sample)
{
    return source_number(d->pool->source, dataset_place(d, sample));
}

const char *dataset_where(const struct dataset *d, int64_t sample)
{
    return source_where(d->pool->source, dataset_place(d, sample));
}

const char *const *dataset_class_names(const struct dataset *d, int64_t classes)
{
    return d->info.class_count == classes ? d->info.class_names : NULL;
}

size_t dataset_bytes(const struct dataset *d)
{
    size_t draws = d->draws ? (size_t)d->info.samples * sizeof *d->ends : 0;
    return d->choice || !d->numbers ? d->pool->bytes + store_bytes(d->store) + draws : 0;
}

int64_t dataset_feature_bytes(const struct dataset *d)
{
    return shape_features(d->info.shape) * feature_bytes(d->info.type);
}

struct order dataset_order(const struct dataset *d, uint64_t seed, uint64_t epoch, bool shuffle)
{
    if (d->ends) return order_make_draws(seed, epoch, d->info.samples, d->ends);
    return store_order(d->store, seed, epoch, shuffle);
}

enum status dataset_prepare(struct dataset *d, struct comm *comm, const struct store_plan *plan)
{
    return store_prepare(d->store, comm, plan);
}

void dataset_expect(struct dataset *d, const struct order *order, int64_t position)
{
    store_expect(d->store, order, position);
}

enum status dataset_stream(const struct dataset *d, int64_t first, int64_t end, int64_t at_once)
{
    return store_stream(d->store, first, end, at_once);
}

enum status dataset_status(const struct dataset *d)
{
    return store_status(d->store);
}

enum data_missing dataset_missing(const struct dataset *d)
{
    return d->pool->missing;
}

bool dataset_stays_in_file(const struct dataset *d)
{
    return store_stays_in_file(d->store);
}

struct source_rows dataset_label_rows(const struct pool *s, int64_t first)
{
    return (struct source_rows){.labels = s->labels ? s->labels + first * s->width : NULL,
                                .targets = s->targets ? s->targets + first * s->width : NULL,
                                .weights = s->weights ? s->weights + first * s->weight_width : NULL};
}
