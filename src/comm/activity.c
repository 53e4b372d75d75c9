/* activity.c - records what the main thread is doing. */
#include "comm/activity.h"

static struct activity unread;
static struct activity *record = &unread;

void activity_record_in(struct activity *place)
{
    record = place ? place : &unread;
}

/* Only the main thread writes, so no atomic addition is needed. */
static void add_beat(void)
{
    uint64_t beats = atomic_load_explicit(&record->beats, memory_order_relaxed);
    atomic_store_explicit(&record->beats, beats + 1, memory_order_relaxed);
}

void activity_set_phase(enum activity_phase phase)
{
    atomic_store_explicit(&record->phase, (int)phase, memory_order_relaxed);
    add_beat();
}

void activity_set_step(int64_t done)
{
    atomic_store_explicit(&record->step, done, memory_order_relaxed);
    add_beat();
}

void activity_begin_wait(enum activity_wait kind, int index)
{
    atomic_store_explicit(&record->wait_index, index, memory_order_relaxed);
    atomic_store_explicit(&record->wait, (int)kind, memory_order_relaxed);
}

void activity_end_wait(void)
{
    atomic_store_explicit(&record->wait, ACTIVITY_WAIT_NONE, memory_order_relaxed);
    add_beat();
}
