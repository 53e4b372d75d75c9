// ranks: 1 2 3 8
/* A step that went wrong anywhere, or that has no valid target, leaves no trace but a count: what follows has
 * the bits of a run without it. All ranks see the same, also when only one virtual rank of one of them went
 * wrong. */
#include <string.h>

#include "check.h"
#include "core/mem.h"
#include "data/order.h"
#include "train/configuration.h"
#include "train/trainer/private.h"

/* What happens to the next pass of a virtual rank on rank `on`, or with EMPTY to all passes of the step. */
enum harm {
    NONE,
    NAN_GRADIENT,
    INFINITE_GRADIENT,
    HUGE_GRADIENT,
    LARGE_GRADIENT,
    INFINITE_LOSS,
    NAN_LOSS,
    EMPTY
};
static struct {
    enum harm harm;
    int on, rank;
} next;

static struct loss_sums harmed(const struct loss *l, const struct loss_batch *b)
{
    static const float values[] = {[NAN_GRADIENT] = NAN,
                                   [INFINITE_GRADIENT] = -INFINITY,
                                   [HUGE_GRADIENT] = 0x1p120f,
                                   [LARGE_GRADIENT] = 0x1p70f};
    struct loss_sums sums = loss_find("cross_entropy")->compute(l, b);
    if (next.harm == EMPTY) {
        for (int64_t i = 0; i < b->classes * b->stride; i++)
            if (i % b->stride < b->lanes) b->dlogits[i] = 0;
        return (struct loss_sums){.count = sums.count};
    }
    if (next.harm == NONE || next.on != next.rank || b->live == 0) return sums;
    if (next.harm == INFINITE_LOSS || next.harm == NAN_LOSS)
        sums.loss = next.harm == NAN_LOSS ? NAN : -INFINITY;
    else
        b->dlogits[b->stride + b->live - 1] = values[next.harm];
    next.harm = NONE;
    return sums;
}

static struct loss_ops harmed_ops;

static struct config harmed_configuration(int sync_method, const char *optim)
{
    struct config c = configuration(sync_method);
    harmed_ops = *loss_find("cross_entropy");
    harmed_ops.compute = harmed;
    c.loss = &harmed_ops;
    c.optim = optim_find(optim);
    arg_values_defaults(c.optim->args, &c.optim_args);
    c.optim_args.of[arg_find(c.optim->args, "weight_decay")] = 0.1;
    c.clip_norm = 1;
    c.max_bad_steps = 4;
    return c;
}

static bool same_everywhere(struct comm *comm, double value)
{
    double max = comm_max(comm, value), min = -comm_max(comm, -value);
    return max == value && min == value;
}

/* A step on the batch at `position`, of which the next pass is harmed. */
static enum status step(struct trainer *t, int64_t position, enum harm harm, int on,
                        struct step_result *result)
{
    struct order order = order_make(3, 1, SAMPLES, true);
    next.harm = harm;
    next.on = on;
    enum status status = trainer_step(t, &order, 1, position, 0.01, result);
    next.harm = NONE;
    return status;
}

/* Two steps, skipped ones before, between and behind them; returns the parameters in `params`. */
static void run(struct comm *comm, struct config *config, const enum harm *harms, int count, float *params)
{
    struct trainer *t = NULL;
    struct step_result result;
    int64_t bad = 0, empty = 0, row = 0;
    CHECK_STATUS(trainer_create(&t, comm, config, "text"), STATUS_OK);
    for (int i = 0; i < count; i++) {
        bool is_bad = harms[i] != NONE && harms[i] != EMPTY;
        CHECK_STATUS(step(t, t->progress.updates * BATCH, harms[i], i % comm_size(comm), &result), STATUS_OK);
        CHECK((result.requests.bad_passes > 0) == is_bad &&
              same_everywhere(comm, (double)result.requests.bad_passes));
        bad += is_bad;
        empty += harms[i] == EMPTY;
        row = harms[i] == NONE ? 0 : row + is_bad; /* an empty step says nothing */
        CHECK(t->progress.bad_steps == bad && t->progress.empty_steps == empty &&
              t->progress.bad_in_a_row == row);
        CHECK(t->progress.step == i + 1 && t->progress.updates == i + 1 - bad - empty);
        CHECK(harms[i] != EMPTY || (result.sums.weight == 0 && result.sums.count == BATCH));
    }
    CHECK(t->progress.updates == 2 || count == 0);
    memcpy(params, sync_params(t->sync), (size_t)model_param_floats(t->model) * sizeof *params);
    comm_barrier(comm);
    trainer_destroy(&t);
}

static void check_no_trace(struct comm *comm, int sync_method, const char *optim)
{
    static const enum harm plain[] = {NONE, NONE},
                           harmful[] = {NAN_GRADIENT,  EMPTY,    INFINITE_GRADIENT, NONE,
                                        HUGE_GRADIENT, NAN_LOSS, INFINITE_LOSS,     EMPTY,
                                        NONE,          EMPTY,    NAN_GRADIENT};
    struct config config = harmed_configuration(sync_method, optim);
    static float start[8192], good[8192], harmed_too[8192];
    memset(good, 0, sizeof good), memset(harmed_too, 0, sizeof harmed_too);
    run(comm, &config, plain, 0, start);
    run(comm, &config, plain, 2, good);
    run(comm, &config, harmful, sizeof harmful / sizeof *harmful, harmed_too);
    CHECK(memcmp(start, good, sizeof good) != 0);
    CHECK(memcmp(good, harmed_too, sizeof good) == 0);
}

/* The last rank goes wrong first, in its gradient; then the first one, in its loss. What can still be added
 * up is no harm. */
static void check_end(struct comm *comm)
{
    struct config config = harmed_configuration(SYNC_TREE, "sgd");
    struct trainer *t = NULL;
    struct step_result result;
    int last = comm_size(comm) - 1;
    char who[32] = "";
    config.max_bad_steps = 2;
    config.clip_norm = 0;
    CHECK_STATUS(trainer_create(&t, comm, &config, "text"), STATUS_OK);
    CHECK_STATUS(step(t, 0, NAN_LOSS, 0, &result), STATUS_OK);
    CHECK_STATUS(step(t, 0, LARGE_GRADIENT, last, &result), STATUS_OK);
    CHECK(result.requests.bad_passes == 0 && t->progress.bad_steps == 1 && t->progress.bad_in_a_row == 0);
    CHECK_STATUS(step(t, 0, NAN_GRADIENT, last, &result), STATUS_OK);
    CHECK_STATUS(step(t, 0, INFINITE_LOSS, 0, &result), STATUS_DIVERGED);
    CHECK(strstr(status_text(), "step 4: loss or gradient not finite in 2 steps in a row"));
    CHECK(strstr(status_text(), "first in the gradient of model.layers[2] (linear)"));
    if (last > 0) snprintf(who, sizeof who, "rank %d: ", last);
    CHECK(strncmp(status_text(), who, strlen(who)) == 0);
    trainer_destroy(&t);

    config.max_bad_steps = 1;
    CHECK_STATUS(trainer_create(&t, comm, &config, "text"), STATUS_OK);
    CHECK_STATUS(step(t, 0, NAN_LOSS, last, &result), STATUS_DIVERGED);
    CHECK(strstr(status_text(), "not finite in 1 step in a row") &&
          strstr(status_text(), "first in the loss;"));
    trainer_destroy(&t);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    struct comm *comm;
    CHECK_STATUS(comm_create(&comm, &argc, &argv), STATUS_OK);
    next.rank = comm_rank(comm);
    CHECK_CASE(check_no_trace(comm, SYNC_ALLREDUCE, "adam"));
    for (int64_t ranks_per_node = 0; ranks_per_node <= 2; ranks_per_node++) {
        CHECK_STATUS(comm_split_nodes(comm, ranks_per_node), STATUS_OK);
        CHECK_CASE(check_no_trace(comm, SYNC_TREE, "sgd"));
        CHECK_CASE(check_no_trace(comm, SYNC_TREE, "adam"));
        CHECK_CASE(check_no_trace(comm, SYNC_TREE, "lamb"));
        CHECK_CASE(check_end(comm));
    }
    comm_destroy(&comm);
    CHECK(mem_alive() == 0);
    return check_result();
}
