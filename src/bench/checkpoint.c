/* checkpoint.c - measures what a checkpoint costs the run. Rounds of three: steps alone; a checkpoint beside
 * as many steps; one that is waited for, then as many steps. The costs are differences within a round, so
 * what other programs do to all three of them cancels out; the medians of the rounds are told. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/system/clock.h"
#include "core/mem.h"
#include "bench/private.h"
#include "train/checkpoint/folder.h"
#include "train/saver/saver.h"
#include "train/trainer/private.h"

#define ROUNDS        9
#define WARM_UP_STEPS 3
#define STEPS_MIN     4
#define STEPS_MAX     4000

enum { ALONE, BESIDE, WAITED, WAYS };

struct session {
    struct trainer *t;
    struct saver *saver;
    int64_t position, steps; /* run so far; of each part of a round */
    double seconds[WAYS][ROUNDS], copies[ROUNDS], writes[ROUNDS], busy[ROUNDS], alone[ROUNDS];
};

static enum status bench_checkpoint_run_steps(struct session *s)
{
    return bench_steps(s->t, &s->position, s->steps);
}

/* A part of a round, from when all ranks begin to when the slowest one ends. */
static enum status bench_checkpoint_run_way(struct session *s, int way, double *seconds)
{
    comm_barrier(s->t->comm);
    double start = clock_seconds();
    if (way != ALONE) TRY(saver_take(s->saver, SAVER_STEP));
    if (way == WAITED) TRY(saver_finish(s->saver));
    TRY(bench_checkpoint_run_steps(s));
    if (way == BESIDE) TRY(saver_finish(s->saver));
    comm_barrier(s->t->comm);
    *seconds = clock_seconds() - start;
    return STATUS_OK;
}

/* As many steps as go twice into the time of a write: what rank 0 says. */
static enum status bench_checkpoint_choose_steps(struct session *s)
{
    double step, both;
    s->steps = WARM_UP_STEPS;
    TRY(bench_checkpoint_run_way(s, ALONE, &step));
    TRY(bench_checkpoint_run_way(s, ALONE, &step));
    TRY(bench_checkpoint_run_way(s, WAITED, &both));
    double wanted = 2 * (both - step) / (step / WARM_UP_STEPS);
    int64_t steps = wanted < STEPS_MIN ? STEPS_MIN : wanted > STEPS_MAX ? STEPS_MAX : (int64_t)wanted;
    comm_share_bytes(s->t->comm, &steps, sizeof steps);
    s->steps = steps;
    return STATUS_OK;
}

static enum status bench_checkpoint_run_rounds(struct session *s)
{
    TRY(bench_checkpoint_choose_steps(s));
    for (int round = 0; round < ROUNDS; round++)
        for (int way = 0; way < WAYS; way++) {
            TRY(bench_checkpoint_run_way(s, way, &s->seconds[way][round]));
            struct saver_times times = saver_times(s->saver);
            if (way == BESIDE) s->copies[round] = times.copy;
            if (way == BESIDE) s->writes[round] = times.write;
            if (way == BESIDE) s->busy[round] = times.busy;
            if (way == WAITED) s->alone[round] = times.write;
        }
    return STATUS_OK;
}

static double bench_checkpoint_median(double values[ROUNDS])
{
    bench_sort(values, ROUNDS);
    return values[ROUNDS / 2];
}

static void bench_checkpoint_summarise(struct session *s, struct bench_checkpoint *r)
{
    double beside[ROUNDS], waited[ROUNDS], ratios[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        beside[i] = s->seconds[BESIDE][i] - s->seconds[ALONE][i];
        waited[i] = s->seconds[WAITED][i] - s->seconds[ALONE][i];
        ratios[i] = s->seconds[BESIDE][i] / s->seconds[ALONE][i];
    }
    r->rounds = ROUNDS;
    r->steps = s->steps;
    r->copy = bench_checkpoint_median(s->copies);
    r->write = bench_checkpoint_median(s->writes);
    r->busy = bench_checkpoint_median(s->busy);
    r->write_alone = bench_checkpoint_median(s->alone);
    r->step = bench_checkpoint_median(s->seconds[ALONE]) / (double)s->steps;
    r->cost = bench_checkpoint_median(beside);
    r->cost_waited = bench_checkpoint_median(waited);
    r->slower = bench_checkpoint_median(ratios);
}

/* Rank 0: nothing stays. */
static void bench_checkpoint_remove_folder(const char *folder)
{
    char path[CHECKPOINT_FILE_SIZE];
    (void)checkpoint_folder_prune(folder, INT64_MAX, 0);
    if (checkpoint_folder_path(path, folder, "last.h5") == STATUS_OK) unlink(path);
    rmdir(folder);
}

enum status bench_checkpoint(struct trainer *t, const char *folder, struct bench_checkpoint *result)
{
    static const struct observer no_observer;
    struct session s = {.t = t};
    t->observer = &no_observer;
    *result =
        (struct bench_checkpoint){.params = model_param_count(t->model), .optim = t->config->optim->name};
    result->bytes = (double)(1 + t->config->optim->slots) * (double)result->params * sizeof(float);
    enum status status = saver_create(&s.saver, t, folder);
    if (status == STATUS_OK) status = bench_checkpoint_run_rounds(&s);
    saver_destroy(&s.saver);
    if (comm_rank(t->comm) == 0) bench_checkpoint_remove_folder(folder);
    if (status == STATUS_OK) bench_checkpoint_summarise(&s, result);
    return status;
}
