/* drop.c - leaves samples out in which something is missing. */
#include <inttypes.h>
#include <math.h>

#include "core/log.h"
#include "core/mem.h"
#include "data/dataset/private.h"

static bool drop_is_missing(int64_t count, const float *x)
{
    bool missing = false;
    for (int64_t i = 0; i < count; i++) missing |= isnan(x[i]);
    return missing;
}

/* Whether something is missing beside the features. */
static bool drop_misses_label(const struct dataset *d, int64_t sample)
{
    const struct pool *s = d->pool;
    sample = dataset_place(d, sample);
    bool missing = false;
    for (int64_t i = 0; s->labels && i < s->width; i++)
        missing |= s->labels[sample * s->width + i] == SOURCE_MISSING;
    if (s->targets) missing |= drop_is_missing(s->width, s->targets + sample * s->width);
    if (s->weights) missing |= drop_is_missing(s->weight_width, s->weights + sample * s->weight_width);
    return missing;
}

/* Sets the bits of samples of this rank's part of the set, which is whole words. */
static enum status drop_find(const struct dataset *d, const struct comm *comm, int64_t *bits)
{
    int64_t first, end, features = shape_features(d->info.shape);
    bool may_miss = d->info.type == FEATURE_F32;
    dataset_part(d, comm_size(comm), comm_rank(comm), &first, &end);
    if (may_miss) TRY(dataset_stream(d, first, end, 1));
    for (int64_t i = first; i < end; i++) {
        const void *row;
        bool missing = drop_misses_label(d, i);
        if (may_miss) {
            dataset_take(d, &i, 1, &(struct dataset_rows){.features = &row});
            missing |= drop_is_missing(features, row);
        }
        if (missing) bits[i / 64] = (int64_t)((uint64_t)bits[i / 64] | UINT64_C(1) << (i % 64));
    }
    return may_miss ? dataset_status(d) : STATUS_OK;
}

enum status dataset_leave_out(struct dataset *d, struct comm *comm, const int64_t *bits, int64_t count)
{
    int64_t samples = d->info.samples, kept = samples - count;
    struct shared *before = d->choice, *choice = NULL;
    TRY(shared_create(&choice, comm, (size_t)kept * sizeof *d->numbers, "choice of samples"));
    int64_t *numbers = shared_base(choice);
    for (int64_t i = 0, at = 0; comm_local_rank(comm) == 0 && i < samples; i++)
        if (!((uint64_t)bits[i / 64] >> (i % 64) & 1)) numbers[at++] = dataset_place(d, i);
    shared_barrier(choice);
    d->choice = choice;
    d->numbers = numbers;
    d->info.samples = kept;
    enum status status = store_restrict(d->store, comm, (struct store_view){numbers, kept});
    shared_destroy(&before);
    return status;
}

enum status dataset_drop_missing(struct dataset *d, struct comm *comm)
{
    const struct pool *s = d->pool;
    int64_t samples = d->info.samples, words = (samples + 63) / 64, missing = 0;
    int64_t *bits = NULL;
    if (s->missing != MISSING_DROP) return STATUS_OK;
    shared_barrier(s->window); /* labels of all ranks are there */
    enum status status =
        comm_agree(comm, mem_alloc(&bits, (size_t)words, sizeof *bits, "samples to leave out"));
    if (status == STATUS_OK) status = comm_agree(comm, drop_find(d, comm, bits));
    if (status == STATUS_OK) comm_sum_int64(comm, bits, words); /* parts have no word in common */
    for (int64_t i = 0; status == STATUS_OK && i < words; i++)
        missing += __builtin_popcountll((uint64_t)bits[i]);
    if (status == STATUS_OK && missing == samples)
        status = status_fail(STATUS_DATA, "%s: something is missing in every sample; set data.missing: mean",
                             s->locator);
    if (status == STATUS_OK && missing > 0) status = dataset_leave_out(d, comm, bits, missing);
    if (status == STATUS_OK && missing > 0 && comm_rank(comm) == 0)
        log_warn("%s: %" PRId64 " of %" PRId64
                 " samples are left out, as something is missing (data.missing: drop_sample)",
                 s->locator, missing, samples);
    mem_free(&bits);
    return status;
}
