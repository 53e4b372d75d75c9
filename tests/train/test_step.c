// ranks: 1 2 3 8
/* Exactness: one step on a short last batch gives the mean loss, gradient and counts of one pass over the
 * whole batch; steps and evaluations allocate nothing; everything is released at the end. */
#include <string.h>

#include "check.h"
#include "kernels.h"
#include "core/mem.h"
#include "data/order.h"
#include "train/configuration.h"
#include "train/trainer/private.h"

/* The whole batch in one pass of one process. */
static struct loss_sums reference(const struct trainer *t, const struct config *config,
                                  const struct order *order, int64_t position, const float *params,
                                  float *grads)
{
    int64_t live = SAMPLES - position, lanes = mem_round_floats(live);
    struct model_spec spec = config->model;
    struct model *m = NULL;
    struct batch b = {0};
    spec.input = shape_2d(2, 7, 6);
    CHECK_STATUS(spec_model(&m, &spec, lanes, 1), STATUS_OK);
    CHECK_STATUS(batch_init(&b, &(struct batch_spec){.kernels = kernels, .lanes = lanes, .leaves = 1}),
                 STATUS_OK);
    b.live[0] = live;
    for (int64_t i = 0; i < live; i++) b.samples[i] = order_at(order, position + i);
    batch_load(&b, t->train, &t->normal, model_input(m));
    struct pass p = {.params = params, .grads = grads, .lanes = lanes, .leaves = 1, .training = true};
    const float *logits = model_forward(m, &p);
    batch_loss(&b, &t->loss, logits, model_output_grad(m), NULL);
    struct loss_sums sums = b.sums[0];
    model_backward(m, &p);
    batch_free(&b);
    model_destroy(&m);
    return sums;
}

static void check_exact(struct comm *comm, int sync_method)
{
    struct config config = configuration(sync_method);
    struct trainer *t = NULL;
    CHECK_STATUS(trainer_create(&t, comm, &config, "text"), STATUS_OK);
    int64_t count = model_param_floats(t->model), position = SAMPLES / BATCH * BATCH;
    float *before, *grads;
    CHECK_STATUS(mem_alloc(&before, (size_t)count, sizeof *before, "test"), STATUS_OK);
    CHECK_STATUS(mem_alloc(&grads, (size_t)count, sizeof *grads, "test"), STATUS_OK);
    memcpy(before, sync_params(t->sync), (size_t)count * sizeof *before);
    struct order order = order_make(3, 1, SAMPLES, true);
    struct loss_sums want = reference(t, &config, &order, position, before, grads);
    struct step_result result;
    comm_barrier(comm);

    uint64_t allocations = mem_allocations();
    CHECK_STATUS(trainer_step(t, &order, 1, position, 1.0, &result), STATUS_OK);
    struct loss_sums have = result.sums;
    CHECK(mem_allocations() == allocations);

    CHECK(have.count == SAMPLES - position && have.count == want.count);
    CHECK(have.correct == want.correct && have.weight == want.weight);
    CHECK_NEAR(have.loss / have.weight, want.loss / want.weight, 1e-6);
    for (int64_t i = 0; i < count; i++) /* float32 rounding of the sums and of the two weights */
        CHECK_NEAR(before[i] - sync_params(t->sync)[i], grads[i] / want.weight, 6e-8 * 40);
    comm_barrier(comm);
    mem_free(&before);
    mem_free(&grads);
    trainer_destroy(&t);
}

static void check_allocations(struct comm *comm)
{
    struct config config = configuration(SYNC_TREE);
    config.optim_args.of[0] = 0.01;
    struct trainer *t = NULL;
    struct eval_event event = {.split = "val"};
    struct step_result result;
    CHECK_STATUS(trainer_create(&t, comm, &config, "text"), STATUS_OK);
    uint64_t allocations = mem_allocations();
    struct order order = order_make(3, 1, SAMPLES, true);
    for (int64_t i = 0; i < t->info.steps_per_epoch; i++)
        CHECK_STATUS(trainer_step(t, &order, 1, i * BATCH, 0.01, &result), STATUS_OK);
    CHECK_STATUS(evaluation_run(&t->evaluation, sync_params(t->sync), &event), STATUS_OK);
    CHECK(mem_allocations() == allocations);
    if (comm_rank(comm) == 0) CHECK(event.count == 333 && event.correct <= 333 && isfinite(event.loss));
    trainer_destroy(&t);
}

/* Steps that are not finite change nothing and are counted on all ranks alike; a good one resets the
 * count; too many in a row stop all ranks alike, naming what went wrong first. */
static void check_divergence(struct comm *comm)
{
    struct config config = configuration(SYNC_TREE);
    struct trainer *t = NULL;
    struct step_result result;
    CHECK_STATUS(trainer_create(&t, comm, &config, "text"), STATUS_OK);
    struct order order = order_make(3, 1, SAMPLES, true);
    const struct layer *conv = model_layer(t->model, 0);
    float kept = sync_params(t->sync)[0], other = sync_params(t->sync)[1];
    for (int round = 0; round < 2; round++) {
        comm_barrier(comm);
        if (comm_local_rank(comm) == 0) sync_params(t->sync)[0] = NAN;
        comm_barrier(comm);
        for (int i = 1; i <= 2; i++) {
            CHECK_STATUS(trainer_step(t, &order, 1, 0, 0.1, &result), STATUS_OK);
            CHECK(result.requests.bad_passes > 0 && t->progress.bad_in_a_row == i &&
                  t->progress.bad_steps == 2 * round + i && t->progress.updates == round);
            CHECK(sync_params(t->sync)[1] == other);
        }
        if (round == 1) break;
        comm_barrier(comm);
        if (comm_local_rank(comm) == 0) sync_params(t->sync)[0] = kept;
        comm_barrier(comm);
        CHECK_STATUS(trainer_step(t, &order, 1, 0, 0.1, &result), STATUS_OK);
        CHECK(!result.requests.bad_passes && t->progress.bad_in_a_row == 0 && t->progress.updates == 1 &&
              sync_params(t->sync)[1] != other);
        other = sync_params(t->sync)[1];
    }
    CHECK_STATUS(trainer_step(t, &order, 1, 0, 0.1, &result), STATUS_DIVERGED);
    CHECK(strstr(status_text(), "the output of model.layers[0] (conv2d)"));
    CHECK(conv->tensors[0].offset == 0 && sync_params(t->sync)[1] == other);
    trainer_destroy(&t);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    struct comm *comm;
    CHECK_STATUS(comm_create(&comm, &argc, &argv), STATUS_OK);
    CHECK_CASE(check_exact(comm, SYNC_TREE));
    CHECK_CASE(check_exact(comm, SYNC_ALLREDUCE));
    for (int64_t ranks_per_node = 0; ranks_per_node <= 2; ranks_per_node++) {
        CHECK_STATUS(comm_split_nodes(comm, ranks_per_node), STATUS_OK);
        CHECK_CASE(check_allocations(comm));
        CHECK_CASE(check_divergence(comm));
    }
    comm_destroy(&comm);
    CHECK(mem_alive() == 0);
    return check_result();
}
