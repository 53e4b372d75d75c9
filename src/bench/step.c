/* step.c - measures the parts of a step. Rounds of steps and of sgemm alternate. The means are over the
 * fastest quarter of the steps: what other programs did to the rest does not show, and the parts still add up
 * to the whole. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "data/order.h"
#include "core/system/trace.h"
#include "bench/private.h"
#include "train/trainer/private.h"

#define ROUNDS          4
#define WARM_UP_STEPS   5
#define ROUND_SECONDS   0.4
#define ROUND_STEPS_MAX 250

struct session {
    struct trainer *t;
    struct bench_step *result;
    int64_t position;                /* steps of the epoch that were run */
    int64_t steps;                   /* of a round */
    double *times;                   /* [rows][all steps] of this rank */
    double *times_of_first;          /* [2][all steps]: how long they took on rank 0, and room */
    double *of_ranks;                /* [ranks][rows] */
    int row_of[2][MODEL_MAX_LAYERS]; /* by forward and backward */
};

/* Whether the backward pass of a layer computes the gradient of an input. */
static bool bench_step_has_data_gradient(const struct model *m, const struct layer *l)
{
    for (int i = 0; i < l->input_count; i++)
        if (l->inputs[i] > 0 && model_layer(m, l->inputs[i] - 1)->has_backward) return true;
    return false;
}

static double bench_step_layer_flops(const struct layer *l)
{
    if (l->tensor_count == 0 || l->tensors[0].rank < 2) return 0;
    return 2 * (double)tensor_count(&l->tensors[0]) * (double)(shape_positions(l->out));
}

static struct bench_step_row *bench_step_add_row(struct bench_step *r, const char *name, int depth)
{
    assert(r->row_count < BENCH_STEP_ROWS);
    struct bench_step_row *row = &r->rows[r->row_count++];
    *row = (struct bench_step_row){.depth = depth};
    snprintf(row->name, sizeof row->name, "%s", name);
    return row;
}

/* Every product is done once forward, and twice backward: for the weights, and for the layer below if there
 * is one to train. */
static void bench_step_add_layer(struct session *s, int index, bool backward)
{
    const struct layer *l = model_layer(s->t->model, index);
    struct bench_step *r = s->result;
    struct bench_step_row *row = bench_step_add_row(r, l->ops->name, 1);
    size_t length = strlen(row->name);
    snprintf(row->name + length, sizeof row->name - length, " %d", index);
    double times = backward && bench_step_has_data_gradient(s->t->model, l) ? 2 : 1;
    row->flops = bench_step_layer_flops(l) * times * (double)r->batch;
    r->whole.flops += row->flops;
    s->row_of[backward][index] = r->row_count - 1;
}

static void bench_step_plan_rows(struct session *s)
{
    struct bench_step *r = s->result;
    int layers = model_layer_count(s->t->model), forward, backward;
    snprintf(r->whole.name, sizeof r->whole.name, "step");
    bench_step_add_row(r, "data", 0);
    bench_step_add_row(r, "params", 0);
    bench_step_add_row(r, "forward", 0);
    forward = r->row_count - 1;
    for (int i = 0; i < layers; i++) bench_step_add_layer(s, i, false);
    r->rows[forward].flops = r->whole.flops;
    bench_step_add_row(r, "loss", 0);
    bench_step_add_row(r, "backward", 0);
    backward = r->row_count - 1;
    for (int i = layers - 1; i >= 0; i--)
        if (model_layer(s->t->model, i)->has_backward) bench_step_add_layer(s, i, true);
    bench_step_add_row(r, "send", 1);
    r->rows[backward].flops = r->whole.flops - r->rows[forward].flops;
    bench_step_add_row(r, "sum", 0);
    bench_step_add_row(r, "collect", 0);
    bench_step_add_row(r, "update", 0);
    bench_step_add_row(r, "wait", 0);
}

/* The row of an event; row_count is the step's, -1 stands for none. */
static int bench_step_find_row(const struct session *s, const struct trace_event *e)
{
    const struct bench_step *r = s->result;
    if (e->kind == TRACE_STEP) return r->row_count;
    if (e->kind == TRACE_FORWARD || e->kind == TRACE_BACKWARD)
        return s->row_of[e->kind == TRACE_BACKWARD][e->index];
    for (int i = 0; i < r->row_count; i++)
        if (strcmp(r->rows[i].name, e->name) == 0) return i;
    return -1;
}

/* Adds the events of a round to the times of its steps. An event ends before its step does. */
static void bench_step_add_events(struct session *s, int64_t first_step)
{
    int64_t count, step = first_step, all = ROUNDS * s->steps;
    const struct trace_event *events = trace_events(&count);
    for (int64_t i = 0; i < count; i++) {
        int row = bench_step_find_row(s, &events[i]);
        if (row >= 0) s->times[row * all + step] += events[i].end - events[i].start;
        if (events[i].kind == TRACE_STEP) step++;
    }
    assert(step == first_step + s->steps && trace_lost() == 0);
}

enum status bench_steps(struct trainer *t, int64_t *position, int64_t count)
{
    struct step_result result;
    for (int64_t i = 0; i < count; i++, ++*position) {
        int64_t epoch = *position / t->info.steps_per_epoch, in_epoch = *position % t->info.steps_per_epoch;
        double start = trace_begin();
        struct order order =
            dataset_order(t->train, (uint64_t)t->config->seed, (uint64_t)epoch, t->config->shuffle);
        TRY(trainer_step(t, &order, epoch, in_epoch * t->config->batch, 1e-3 * t->config->optim_args.of[0],
                         &result));
        trace_end(start, TRACE_STEP, "step", i);
    }
    return STATUS_OK;
}

static enum status bench_step_run_steps(struct session *s, int64_t count)
{
    return bench_steps(s->t, &s->position, count);
}

/* Warms up, and decides how many steps a round has: what rank 0 says. */
static enum status bench_step_choose_steps(struct session *s)
{
    TRY(bench_step_run_steps(s, WARM_UP_STEPS));
    double start = clock_seconds();
    TRY(bench_step_run_steps(s, 1));
    double wanted = ROUND_SECONDS / (clock_seconds() - start);
    int64_t steps = wanted < 2 ? 2 : wanted > ROUND_STEPS_MAX ? ROUND_STEPS_MAX : (int64_t)wanted;
    if (comm_rank(s->t->comm) != 0) steps = 0;
    comm_sum_int64(s->t->comm, &steps, 1);
    s->steps = steps;
    s->result->steps = ROUNDS * steps;
    return STATUS_OK;
}

static enum status bench_step_allocate(struct session *s)
{
    size_t rows = (size_t)s->result->row_count + 1, ranks = (size_t)comm_size(s->t->comm);
    TRY(trace_create(timeline_room(s->t, s->steps)));
    TRY(mem_alloc(&s->times, rows * (size_t)s->result->steps, sizeof *s->times, "times of the steps"));
    TRY(mem_alloc(&s->times_of_first, 2 * (size_t)s->result->steps, sizeof *s->times, "times of the steps"));
    return mem_alloc(&s->of_ranks, rows * ranks, sizeof *s->of_ranks, "times of the ranks");
}

static enum status bench_step_run_rounds(struct session *s)
{
    for (int64_t round = 0; round < ROUNDS; round++) {
        TRY(bench_products(s->t->comm, 2, &s->result->peak));
        TRY(bench_step_run_steps(s, 1)); /* the products have the caches */
        trace_start();
        enum status status = bench_step_run_steps(s, s->steps);
        trace_stop();
        TRY(status);
        bench_step_add_events(s, round * s->steps);
    }
    return STATUS_OK;
}

/* The time that the fastest quarter of the steps keeps to. The ranks agree: it is rank 0's, in
 * times_of_first. */
static double bench_step_find_quarter(const struct session *s)
{
    double *sorted = s->times_of_first + s->result->steps;
    memcpy(sorted, s->times_of_first, (size_t)s->result->steps * sizeof *sorted);
    bench_sort(sorted, s->result->steps);
    return sorted[(s->result->steps - 1) / 4];
}

/* Means over the fastest steps, and over the ranks. */
static void bench_step_finish(struct session *s)
{
    struct bench_step *r = s->result;
    struct comm *comm = s->t->comm;
    int rows = r->row_count + 1, ranks = comm_size(comm);
    double *mine = s->of_ranks + comm_rank(comm) * rows;
    if (comm_rank(comm) == 0)
        memcpy(s->times_of_first, s->times + r->row_count * r->steps, (size_t)r->steps * sizeof(double));
    comm_merge_doubles(comm, s->times_of_first, r->steps);
    double limit = bench_step_find_quarter(s);
    int64_t fast = 0;
    for (int64_t step = 0; step < r->steps; step++) {
        if (s->times_of_first[step] > limit) continue;
        fast++;
        for (int i = 0; i < rows; i++) mine[i] += s->times[i * r->steps + step];
    }
    comm_merge_doubles(comm, s->of_ranks, rows * ranks);
    for (int i = 0; i < rows; i++) {
        struct bench_step_row *row = i < r->row_count ? &r->rows[i] : &r->whole;
        for (int rank = 0; rank < ranks; rank++)
            row->seconds += s->of_ranks[rank * rows + i] / (double)(ranks * fast);
    }
}

static void bench_step_measure_memory(struct session *s)
{
    struct bench_step *r = s->result;
    r->resident_bytes = comm_max(s->t->comm, mem_peak_bytes());
    r->model_bytes = (double)model_bytes(s->t->model);
    r->shared_bytes = s->t->info.window_bytes;
}

static enum status bench_step_measure(struct session *s)
{
    TRY(bench_step_choose_steps(s));
    bench_step_measure_memory(s); /* before the products take theirs */
    TRY(comm_agree(s->t->comm, bench_step_allocate(s)));
    TRY(bench_step_run_rounds(s));
    bench_step_finish(s);
    return STATUS_OK;
}

enum status bench_step(struct trainer *t, struct bench_step *result)
{
    *result = (struct bench_step){.batch = t->config->batch};
    struct session s = {.t = t, .result = result};
    bench_step_plan_rows(&s);
    enum status status = bench_step_measure(&s);
    mem_free(&s.times);
    mem_free(&s.times_of_first);
    mem_free(&s.of_ranks);
    trace_destroy();
    return status;
}
