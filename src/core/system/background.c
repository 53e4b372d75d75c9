/* background.c - work on a thread beside the main thread. */
#include "core/system/background.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

#include "core/mem.h"
#include "core/system/cores.h"

struct background {
    enum status (*work)(void *self);
    void *self;
    bool busy, threaded;
    pthread_t thread;
    atomic_bool done;
    enum status status; /* of the finished work, and its message */
    char text[STATUS_TEXT_SIZE];
};

enum status background_create(struct background **out)
{
    return mem_alloc(out, 1, sizeof **out, "background work");
}

void background_destroy(struct background **b)
{
    if (*b) (void)background_finish(*b);
    mem_free(b);
}

static void work(struct background *b)
{
    b->status = b->work(b->self);
    snprintf(b->text, sizeof b->text, "%s", status_text());
    atomic_store(&b->done, true);
}

static void *background_run_thread(void *self)
{
    cores_take_all();
    work(self);
    return NULL;
}

void background_start(struct background *b, enum status (*function)(void *self), void *self)
{
    sigset_t all, before;
    b->work = function;
    b->self = self;
    b->busy = true;
    atomic_store(&b->done, false);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    b->threaded = pthread_create(&b->thread, NULL, background_run_thread, b) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!b->threaded) work(b);
}

bool background_busy(const struct background *b)
{
    return b->busy;
}

bool background_done(const struct background *b)
{
    return b->busy && atomic_load(&b->done);
}

enum status background_finish(struct background *b)
{
    if (!b->busy) return STATUS_OK;
    if (b->threaded) pthread_join(b->thread, NULL);
    b->busy = false;
    return b->status == STATUS_OK ? STATUS_OK : status_fail(b->status, "%s", b->text);
}
