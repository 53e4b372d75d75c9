/* tell.c - what the main thread tells of itself. */
#include "comm/watch/private.h"

/* Without a watchdog the main thread talks to itself. */
static struct watchdog_place nowhere;
static struct watchdog_place *here = &nowhere;

void watchdog_tell_to(struct watchdog_place *place)
{
    here = place ? place : &nowhere;
}

/* Only the main thread writes, so that no atomic addition is needed. */
static void beat(void)
{
    uint64_t beats = atomic_load_explicit(&here->beats, memory_order_relaxed);
    atomic_store_explicit(&here->beats, beats + 1, memory_order_relaxed);
}

void watchdog_at(enum watchdog_phase phase)
{
    atomic_store_explicit(&here->phase, (int)phase, memory_order_relaxed);
    beat();
}

void watchdog_step(int64_t done)
{
    atomic_store_explicit(&here->step, done, memory_order_relaxed);
    beat();
}

void watchdog_waits(enum watchdog_wait whom, int index)
{
    atomic_store_explicit(&here->wait_index, index, memory_order_relaxed);
    atomic_store_explicit(&here->wait, (int)whom, memory_order_relaxed);
}

void watchdog_goes_on(void)
{
    atomic_store_explicit(&here->wait, WATCHDOG_NOBODY, memory_order_relaxed);
    beat();
}
