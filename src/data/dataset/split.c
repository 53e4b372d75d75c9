/* split.c - cuts a set in two at random. */
#include <inttypes.h>
#include <math.h>

#include "core/mem.h"
#include "data/order.h"
#include "data/dataset/private.h"

/* Purpose of the permutation, beside the epochs of training, which count from 1. */
#define SPLIT_EPOCH 0

/* Samples that are the first ones of a random order go to the end of `numbers`; the rest, and they, stay
 * in order. `of` are the numbers of all; NULL = 0 .. samples-1. */
static enum status dataset_choose(int64_t *numbers, const int64_t *of, int64_t samples, int64_t rest,
                                  uint64_t seed)
{
    struct order order = order_make(seed, SPLIT_EPOCH, samples, true);
    bool *taken = NULL;
    TRY(mem_alloc(&taken, (size_t)samples, sizeof *taken, "choice of samples"));
    for (int64_t i = 0; i < rest; i++) taken[order_at(&order, i)] = true;
    int64_t *kept_next = numbers, *taken_next = numbers + samples - rest;
    for (int64_t i = 0; i < samples; i++)
        if (taken[i])
            *taken_next++ = of ? of[i] : i;
        else
            *kept_next++ = of ? of[i] : i;
    mem_free(&taken);
    return STATUS_OK;
}

/* A rounding error of the product makes no whole sample. */
static int64_t dataset_share_of(double fraction, int64_t samples)
{
    return (int64_t)ceil(fraction * (double)samples * (1 - 1e-12));
}

/* Makes the second view, and the choice in shared memory. The one `before` stays: the store may still read ahead by
 * its numbers. */
static enum status dataset_share_pool(struct dataset *d, struct comm *comm, int64_t taken, uint64_t seed,
                                      struct dataset **rest)
{
    int64_t samples = d->info.samples;
    struct shared *before = d->choice;
    enum status status = comm_agree(comm, mem_alloc(rest, 1, sizeof **rest, "data set"));
    if (status == STATUS_OK)
        status = shared_create(&d->choice, comm, (size_t)samples * sizeof *d->numbers, "choice of samples");
    if (status == STATUS_OK)
        status =
            comm_agree(comm, comm_local_rank(comm) == 0
                                 ? dataset_choose(shared_base(d->choice), d->numbers, samples, taken, seed)
                                 : STATUS_OK);
    if (status != STATUS_OK) {
        if (d->choice != before) shared_destroy(&d->choice);
        d->choice = before;
        mem_free(rest);
        return status;
    }
    shared_barrier(d->choice);
    (*rest)->pool = d->pool;
    d->pool->views++;
    return STATUS_OK;
}

enum status dataset_split(struct dataset *d, struct comm *comm, double fraction, uint64_t seed,
                          struct dataset **rest)
{
    *rest = NULL;
    int64_t samples = d->info.samples, taken = dataset_share_of(fraction, samples);
    if (taken < 1 || taken >= samples)
        return status_fail(STATUS_DATA,
                           "%s: data.val_fraction %g leaves %" PRId64 " and %" PRId64 " of %" PRId64
                           " samples; choose one that leaves some to both",
                           dataset_locator(d), fraction, samples - taken, taken, samples);
    struct shared *before = d->choice;
    TRY(dataset_share_pool(d, comm, taken, seed, rest));
    const int64_t *numbers = shared_base(d->choice);
    (*rest)->info = d->info;
    d->info.samples = samples - taken;
    (*rest)->info.samples = taken;
    d->numbers = numbers;
    (*rest)->numbers = numbers + d->info.samples;
    enum status status = store_split(d->store, comm, (struct store_view){d->numbers, d->info.samples},
                                     (struct store_view){(*rest)->numbers, taken}, &(*rest)->store);
    shared_destroy(&before);
    if (status != STATUS_OK) dataset_destroy(rest);
    return status;
}
