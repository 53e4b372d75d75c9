/* draws.c - how often each sample is drawn where an epoch draws with replacement. */
#include <math.h>

#include "core/mem.h"
#include "data/dataset/private.h"

#define TOTAL_BITS 62 /* of the sum of all weights, which are integers: no order of additions changes it */

/* The class of a sample, -1 = the loss ignores it. */
static int64_t draws_class(const struct dataset *d, int64_t sample)
{
    const struct pool *s = d->pool;
    if (!s->labels) {
        const float *row = dataset_targets(d, sample);
        int64_t class = 0;
        for (int64_t k = 1; k < s->width; k++) class = row[k] > row[class] ? k : class;
        return class;
    }
    int32_t label = dataset_classes(d, sample)[0];
    return s->ignored_name && label == s->ignored ? -1 : label;
}

static enum status draws_check_classes(const struct dataset *d)
{
    const struct pool *s = d->pool;
    if (s->positions == 1 && (s->kind == TARGET_INDEX || s->kind == TARGET_ONEHOT)) return STATUS_OK;
    return status_fail(
        STATUS_CONFIG,
        "train.sampler: draws by class, but the samples of %s have no class each; name weights with "
        "data.weights, and use weighted",
        s->locator);
}

/* Every class that there is has the same share, and so have its samples of that. */
static enum status draws_by_class(const struct dataset *d, uint64_t *ends)
{
    int64_t samples = d->info.samples, classes = 0, present = 0, *counts = NULL;
    TRY(draws_check_classes(d));
    for (int64_t i = 0; i < samples; i++) {
        int64_t class = draws_class(d, i);
        classes = class < classes ? classes : class + 1;
    }
    TRY(mem_alloc(&counts, (size_t)classes, sizeof *counts, "counts of classes"));
    for (int64_t i = 0; i < samples; i++) {
        int64_t class = draws_class(d, i);
        if (class >= 0) present += counts[class]++ == 0;
    }
    uint64_t end = 0;
    for (int64_t i = 0; i < samples; i++) {
        int64_t class = draws_class(d, i);
        if (class >= 0) end += (UINT64_C(1) << TOTAL_BITS) / (uint64_t)present / (uint64_t)counts[class];
        ends[i] = end;
    }
    mem_free(&counts);
    return STATUS_OK;
}

/* Weights times a power of two that lets their sum have as many bits as there are. */
static enum status draws_by_weight(const struct dataset *d, uint64_t *ends)
{
    int64_t samples = d->info.samples;
    float largest = 0;
    int exponent, bits = 64 - __builtin_clzll((uint64_t)samples);
    if (d->pool->weight_width != 1)
        return status_fail(STATUS_CONFIG,
                           "train.sampler: needs one weight a sample, but data.weights of %s has one "
                           "for each position",
                           d->pool->locator);
    for (int64_t i = 0; i < samples; i++) largest = fmaxf(largest, dataset_weights(d, i)[0]);
    if (largest == 0) return status_fail(STATUS_DATA, "%s: all weights are 0", d->pool->locator);
    (void)frexp((double)largest, &exponent);
    uint64_t end = 0;
    for (int64_t i = 0; i < samples; i++) {
        end += (uint64_t)llrint(ldexp((double)dataset_weights(d, i)[0], TOTAL_BITS - bits - exponent));
        ends[i] = end;
    }
    return STATUS_OK;
}

enum status dataset_draw(struct dataset *d, struct comm *comm, bool by_class)
{
    size_t samples = (size_t)d->info.samples;
    if (store_stays_in_file(d->store))
        return status_fail(STATUS_CONFIG,
                           "train.sampler: draws from all samples, but data.store: window has only some "
                           "at hand; use node, cluster or scratch");
    TRY(shared_create(&d->draws, comm, samples * sizeof *d->ends, "weights of the sampler"));
    uint64_t *ends = shared_base(d->draws);
    enum status status = STATUS_OK;
    if (comm_local_rank(comm) == 0) status = by_class ? draws_by_class(d, ends) : draws_by_weight(d, ends);
    TRY(comm_agree(comm, status));
    shared_barrier(d->draws);
    d->ends = ends;
    return STATUS_OK;
}

void dataset_leave_weights(struct dataset *d)
{
    d->info.has_weights = false;
}
