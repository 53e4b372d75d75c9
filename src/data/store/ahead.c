/* ahead.c - a thread that fills slots of memory before they are needed. */
#include "data/store/ahead.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "comm/activity.h"
#include "core/system/cores.h"
#include "core/system/trace.h"

#define PAUSE_NANOSECONDS     50000
#define PAUSE_MAX_NANOSECONDS 2000000
#define ALL_TURNS             UINT32_MAX

struct ahead {
    struct ahead_work work;
    struct ahead_ring *ring;
    int64_t first, end; /* turns to fill */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool opened, busy, quit; /* under the lock */
    atomic_bool leave;
    enum status status; /* of opening, and its message */
    char text[STATUS_TEXT_SIZE];
};

/* ---- rings ---- */

static size_t ahead_shares_bytes(int ranks)
{
    size_t bytes = (size_t)ranks * sizeof(struct ahead_share);
    return (bytes + MEM_ALIGN - 1) / MEM_ALIGN * MEM_ALIGN;
}

size_t ahead_ring_bytes(int ranks, int slots, size_t slot_bytes)
{
    return ahead_shares_bytes(ranks) + (size_t)slots * slot_bytes;
}

void ahead_ring_set(struct ahead_ring *ring, void *block, int ranks, int rank, int slots, size_t slot_bytes)
{
    *ring = (struct ahead_ring){.shares = block,
                                .memory = (char *)block + ahead_shares_bytes(ranks),
                                .slots = slots,
                                .ranks = ranks,
                                .rank = rank,
                                .slot_bytes = slot_bytes};
}

static uint64_t ahead_number(uint64_t round, int64_t turn)
{
    return round << 32 | (uint64_t)turn;
}

static bool ahead_all_free(const struct ahead_ring *ring, uint64_t number)
{
    for (int i = 0; i < ring->ranks; i++)
        if (!shared_reached(&ring->shares[i].freed, number)) return false;
    return true;
}

/* The rank whose share is not filled yet, this one first; -1 = all are. */
static int ahead_find_missing(const struct ahead_ring *ring, uint64_t number)
{
    if (!shared_reached(&ring->shares[ring->rank].filled, number)) return ring->rank;
    for (int i = 0; i < ring->ranks; i++)
        if (!shared_reached(&ring->shares[i].filled, number)) return i;
    return -1;
}

void ahead_free_before(struct ahead_ring *ring, int64_t turn)
{
    uint64_t number = ahead_number(ring->round, turn);
    struct shared_counter *freed = &ring->shares[ring->rank].freed;
    if (!shared_reached(freed, number)) shared_raise(freed, number);
}

static void ahead_pause(long nanoseconds)
{
    nanosleep(&(struct timespec){.tv_nsec = nanoseconds}, NULL);
}

/* A rank that waits sleeps: the process that reads may need its core. To the watchdog a rank whose own share is missing
 * waits for no other, and a turn that has arrived is progress, however long all of a large set takes. */
const char *ahead_wait(const struct ahead_ring *ring, int64_t turn)
{
    uint64_t number = ahead_number(ring->round, turn + 1);
    int missing = ahead_find_missing(ring, number);
    if (missing >= 0) {
        double start = trace_begin();
        for (int polls = 0; missing >= 0; missing = ahead_find_missing(ring, number)) {
            if (missing != ring->rank) activity_begin_wait(ACTIVITY_WAIT_RANK, missing);
            ahead_pause(PAUSE_NANOSECONDS);
            if (ring->shared) shared_pause(ring->shared, &polls);
        }
        trace_end(start, TRACE_WAIT, "wait", 0);
    }
    activity_end_wait();
    return ring->memory + (size_t)(turn % ring->slots) * ring->slot_bytes;
}

enum status ahead_status(const struct ahead_ring *ring)
{
    for (int i = 0; i < ring->ranks; i++) {
        const struct ahead_share *share = &ring->shares[i];
        if (!shared_reached(&share->failed, 1)) continue;
        enum status status = (enum status)(atomic_load(&share->failed.value) - 1);
        return status_fail(status, "%s", share->text);
    }
    return STATUS_OK;
}

/* ---- the thread ---- */

/* Returns false if the round is to be left. */
static bool ahead_wait_for_slot(struct ahead *a, int64_t turn)
{
    int64_t before = turn - a->ring->slots + 1;
    uint64_t number = ahead_number(a->ring->round, before > 0 ? before : 0);
    long pause = PAUSE_NANOSECONDS;
    while (!atomic_load(&a->leave)) {
        if (ahead_all_free(a->ring, number)) return true;
        ahead_pause(pause);
        if (pause < PAUSE_MAX_NANOSECONDS) pause *= 2;
    }
    return false;
}

static void ahead_fail(struct ahead_ring *ring, enum status status)
{
    struct ahead_share *share = &ring->shares[ring->rank];
    snprintf(share->text, sizeof share->text, "%s", status_text());
    shared_raise(&share->failed, 1 + (uint64_t)status);
    shared_raise(&share->filled, ahead_number(ring->round, ALL_TURNS));
}

static void ahead_fill(struct ahead *a)
{
    struct ahead_ring *ring = a->ring;
    for (int64_t turn = a->first; turn < a->end; turn++) {
        if (!ahead_wait_for_slot(a, turn)) return;
        char *slot = ring->memory + (size_t)(turn % ring->slots) * ring->slot_bytes;
        enum status status = a->work.fill(a->work.self, turn, slot);
        if (status != STATUS_OK) {
            ahead_fail(ring, status);
            return;
        }
        shared_raise(&ring->shares[ring->rank].filled, ahead_number(ring->round, turn + 1));
    }
}

static void ahead_serve(struct ahead *a)
{
    pthread_mutex_lock(&a->lock);
    for (;;) {
        while (!a->busy && !a->quit) pthread_cond_wait(&a->changed, &a->lock);
        if (a->quit) break;
        pthread_mutex_unlock(&a->lock);
        ahead_fill(a);
        pthread_mutex_lock(&a->lock);
        a->busy = false;
        pthread_cond_broadcast(&a->changed);
    }
    pthread_mutex_unlock(&a->lock);
}

static void *ahead_run(void *self)
{
    struct ahead *a = self;
    cores_take_all();
    enum status status = a->work.open(a->work.self);
    pthread_mutex_lock(&a->lock);
    a->status = status;
    if (status != STATUS_OK) snprintf(a->text, sizeof a->text, "%s", status_text());
    a->opened = true;
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->lock);
    if (status == STATUS_OK) ahead_serve(a);
    a->work.close(a->work.self);
    return NULL;
}

/* ---- the main thread ---- */

static enum status ahead_begin(struct ahead *a)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(&a->thread, NULL, ahead_run, a);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code != 0)
        return status_fail(STATUS_OTHER, "no thread can be started to read data: %s", strerror(code));
    pthread_mutex_lock(&a->lock);
    while (!a->opened) pthread_cond_wait(&a->changed, &a->lock);
    pthread_mutex_unlock(&a->lock);
    if (a->status == STATUS_OK) return STATUS_OK;
    pthread_join(a->thread, NULL);
    return status_fail(a->status, "%s", a->text);
}

enum status ahead_create(struct ahead **out, const struct ahead_work *work)
{
    TRY(mem_alloc(out, 1, sizeof **out, "reading ahead"));
    struct ahead *a = *out;
    a->work = *work;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    enum status status = ahead_begin(a);
    if (status == STATUS_OK) return status;
    pthread_cond_destroy(&a->changed);
    pthread_mutex_destroy(&a->lock);
    mem_free(out);
    return status;
}

void ahead_destroy(struct ahead **out)
{
    struct ahead *a = *out;
    if (!a) return;
    ahead_stop(a);
    pthread_mutex_lock(&a->lock);
    a->quit = true;
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->lock);
    pthread_join(a->thread, NULL);
    pthread_cond_destroy(&a->changed);
    pthread_mutex_destroy(&a->lock);
    mem_free(out);
}

void ahead_stop(struct ahead *a)
{
    atomic_store(&a->leave, true);
    pthread_mutex_lock(&a->lock);
    while (a->busy) pthread_cond_wait(&a->changed, &a->lock);
    pthread_mutex_unlock(&a->lock);
    atomic_store(&a->leave, false);
}

void ahead_start(struct ahead *a, struct ahead_ring *ring, int64_t first, int64_t end)
{
    ring->round++;
    a->ring = ring;
    a->first = first;
    a->end = end;
    ahead_free_before(ring, first);
    pthread_mutex_lock(&a->lock);
    a->busy = true;
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->lock);
}
