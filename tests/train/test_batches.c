// ranks: 1 2 3 8
/* Any batch with any number of virtual ranks: loss, gradient and counts of a step are those of one process
 * over the whole batch, to rounding; and every rank count gives the bits of the leaves computed one by one
 * and added in tree order. With and without class weights, ignored samples and dropout, whose masks depend on
 * a sample's position in the batch alone. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "kernels.h"
#include "core/mem.h"
#include "data/order.h"
#include "folder.h"
#include "io/h5/h5.h"
#include "spec.h"
#include "train/trainer/private.h"

#define SAMPLES    300
#define FEATURES   6
#define HIDDEN     16
#define OUTPUTS    4
#define FLOATS_MAX 1024

static struct comm *comm;
static char path[64];

struct test {
    int64_t batch, virtual_ranks, accumulate;
    bool weighted; /* class weights, and every third sample is ignored */
    bool dropout;
};

/* Numbers that look random, in 0 .. 63. */
static int mix(int64_t sample, int64_t k)
{
    uint32_t h = (uint32_t)(sample * 2654435761 + k * 40503 + 97);
    h ^= h >> 15, h *= 0x2c1b3c6d, h ^= h >> 12;
    return (int)(h % 64);
}

static void write_file(void)
{
    static float x[SAMPLES * FEATURES];
    int64_t y[SAMPLES], ignored[SAMPLES];
    struct h5_writer *w;
    for (int64_t i = 0; i < SAMPLES; i++) {
        for (int64_t k = 0; k < FEATURES; k++) x[i * FEATURES + k] = (float)mix(i, k) / 32 - 1;
        y[i] = mix(i, FEATURES) % OUTPUTS;
        ignored[i] = i % 3 == 1 ? -100 : y[i];
    }
    CHECK_STATUS(h5_create(&w, path, true), STATUS_OK);
    CHECK_STATUS(h5_write(w, "x", H5_TYPE_F32, 2, (const int64_t[]){SAMPLES, FEATURES}, x), STATUS_OK);
    CHECK_STATUS(h5_write(w, "y", H5_TYPE_I64, 1, (const int64_t[]){SAMPLES}, y), STATUS_OK);
    CHECK_STATUS(h5_write(w, "ignored", H5_TYPE_I64, 1, (const int64_t[]){SAMPLES}, ignored), STATUS_OK);
    CHECK_STATUS(h5_commit(&w), STATUS_OK);
}

/* Plain gradient descent with rate 1, so that the old minus the new weights are the gradient. */
static struct config configure(const struct test *test)
{
    static char none[] = "", x[] = "x", y[] = "y", ignored[] = "ignored", isa[] = "auto";
    struct config c = {.run_name = none,
                       .seed = 3,
                       .data.train = path,
                       .data.val = none,
                       .data.x = x,
                       .data.y = test->weighted ? ignored : y,
                       .data.weights = none,
                       .data.labels = 1 + (int)TARGET_INDEX,
                       .data.normalize = NORMALIZE_NONE,
                       .loss = loss_find("cross_entropy"),
                       .epochs = 1,
                       .batch = test->batch,
                       .virtual_ranks = test->virtual_ranks,
                       .accumulate = test->accumulate,
                       .max_bad_steps = 3,
                       .decay_biases = true,
                       .optim = optim_find("sgd"),
                       .schedule = schedule_find("constant"),
                       .sync_method = SYNC_TREE,
                       .checkpoint_best = none,
                       .early_stop = none,
                       .schedule_metric = none,
                       .metrics_threshold = 0.5,
                       .isa = isa};
    arg_values_defaults(c.loss->args, &c.loss_args);
    arg_values_defaults(c.optim->args, &c.optim_args);
    for (int i = 0; test->weighted && c.loss->args[i].name; i++) {
        if (c.loss->args[i].kind != ARG_LIST) continue;
        CHECK_STATUS(arg_values_resize(&c.loss_args, i, OUTPUTS), STATUS_OK);
        for (int k = 0; k < OUTPUTS; k++) c.loss_args.list[i][k] = 0.5 + k;
    }
    spec_add(&c.model, "linear", HIDDEN, 0);
    if (test->dropout) spec_add(&c.model, "dropout", 0.5, 0);
    spec_add(&c.model, "linear", OUTPUTS, 0);
    CHECK_STATUS(config_settle_virtual_ranks(&c, comm_size(comm), false), STATUS_OK);
    return c;
}

/* Leaves of the global batch, computed one by one in this process. */
struct leaves {
    const struct trainer *t;
    const struct order *order;
    int64_t position, count, lanes; /* count: in which the batch is cut; lanes: of each */
    const float *params;
    struct loss_sums sums; /* added in order */
};

/* Writes the gradient of leaf `leaf`, zeros for an empty one, into grads. */
static void run_leaf(struct leaves *l, int64_t leaf, float *grads)
{
    int64_t batch = l->t->config->batch, left = SAMPLES - l->position;
    int64_t begin = leaf * batch / l->count, end = (leaf + 1) * batch / l->count;
    struct model_spec spec = l->t->config->model;
    struct model *m = NULL;
    struct batch b = {0};
    spec.input = shape_flat(FEATURES);
    CHECK_STATUS(spec_model(&m, &spec, l->lanes, 1), STATUS_OK);
    CHECK_STATUS(batch_init(&b, &(struct batch_spec){.kernels = kernels, .lanes = l->lanes, .leaves = 1}),
                 STATUS_OK);
    if (end > left) end = left;
    b.leaves = 1;
    b.live[0] = end > begin ? end - begin : 0;
    for (int64_t i = 0; i < b.live[0]; i++) b.samples[i] = order_at(l->order, l->position + begin + i);
    batch_load(&b, l->t->train, &l->t->normal, model_input(m));
    struct pass p = {.params = l->params,
                     .grads = grads,
                     .seed = (uint64_t)l->t->config->seed,
                     .step = (uint64_t)l->t->progress.step,
                     .first_samples = &begin,
                     .live = b.live,
                     .lanes = batch_lanes(&b),
                     .leaves = 1,
                     .training = true};
    batch_loss(&b, &l->t->loss, model_forward(m, &p), model_output_grad(m), NULL);
    model_backward(m, &p);
    l->sums.loss += b.sums[0].loss;
    l->sums.weight += b.sums[0].weight;
    l->sums.count += b.sums[0].count;
    l->sums.valid += b.sums[0].valid;
    l->sums.correct += b.sums[0].correct;
    batch_free(&b);
    model_destroy(&m);
}

/* Adds up the gradients of leaves [lo, hi) in the fixed tree. */
static void add_leaves(struct leaves *l, int64_t lo, int64_t hi, float *grads)
{
    int64_t floats = model_param_floats(l->t->model), left = 1;
    memset(grads, 0, (size_t)floats * sizeof *grads);
    if (hi - lo == 1) {
        run_leaf(l, lo, grads);
        return;
    }
    float right[FLOATS_MAX];
    while (left * 2 < hi - lo) left *= 2;
    add_leaves(l, lo, lo + left, grads);
    add_leaves(l, lo + left, hi, right);
    for (int64_t i = 0; i < floats; i++) grads[i] += right[i];
}

static struct loss_sums compute(const struct trainer *t, const struct order *order, int64_t position,
                                int64_t leaves, int64_t lanes, const float *params, float *grads)
{
    struct leaves l = {t, order, position, leaves, lanes, params, {0}};
    add_leaves(&l, 0, leaves, grads);
    return l.sums;
}

static void check_sums(const struct loss_sums *have, const struct loss_sums *want, double bound)
{
    CHECK(have->count == want->count && have->valid == want->valid && have->correct == want->correct);
    CHECK_NEAR(have->weight, want->weight, bound * want->weight);
    CHECK_NEAR(have->loss, want->loss, bound * fabs(want->loss));
}

static void check_step(struct trainer *t, const struct order *order, int64_t position)
{
    const struct optim_ops *optim = t->config->optim;
    int64_t count = model_param_floats(t->model);
    float before[FLOATS_MAX], after[FLOATS_MAX], whole[FLOATS_MAX], tree[FLOATS_MAX], slot[FLOATS_MAX] = {0};
    double largest = 1;
    CHECK(count <= FLOATS_MAX);
    memcpy(before, sync_params(t->sync), (size_t)count * sizeof *before);
    memcpy(after, before, sizeof before);
    struct loss_sums want = compute(t, order, position, 1, mem_round_floats(t->config->batch), before, whole);
    struct loss_sums exact = compute(t, order, position, t->info.leaves, t->info.lanes, before, tree);
    struct step_result have;
    struct optim_step step =
        optim_begin(kernels, optim, t->config->optim_args.of, 1, t->progress.updates, exact.weight);
    if (exact.weight > 0) optim_update(&step, count, after, tree, (float *[OPTIM_SLOTS]){slot});
    comm_barrier(comm);
    CHECK_STATUS(trainer_step(t, order, 1, position, 1.0, &have), STATUS_OK);
    check_sums(&have.sums, &exact, 0);
    check_sums(&have.sums, &want, 1e-5); /* float32 in the layers below */
    CHECK(memcmp(after, sync_params(t->sync), (size_t)count * sizeof *after) == 0);
    double divisor = want.weight > 0 ? want.weight : 1; /* else nothing changes, and the gradient is 0 */
    for (int64_t i = 0; i < count; i++) largest = fmax(largest, fabs((double)whole[i] / divisor));
    for (int64_t i = 0; i < count; i++) /* rounding of the sums and of the two weights */
        CHECK_NEAR(before[i] - sync_params(t->sync)[i], whole[i] / divisor, 6e-8 * 40 * largest);
    comm_barrier(comm);
}

/* The first batch and the last one, which is short unless it divides the samples. */
static void check_batch(const struct test *test)
{
    struct config config = configure(test);
    struct trainer *t = NULL;
    struct order order = order_make(3, 1, SAMPLES, true);
    CHECK_STATUS(trainer_create(&t, comm, &config, "text"), STATUS_OK);
    CHECK(t->info.slice_max - t->info.slice_min == (test->batch % t->info.leaves != 0));
    check_step(t, &order, 0);
    check_step(t, &order, (SAMPLES - 1) / test->batch * test->batch);
    trainer_destroy(&t);
    arg_values_free(&config.loss_args);
    arg_values_free(&config.optim_args);
}

int main(int argc, char **argv)
{
    static const int64_t batches[] = {1, 7, 10, 50, 100, 129}, virtual_ranks[] = {1, 3, 8};
    char folder[FOLDER_SIZE], name[CHECK_NAME_SIZE / 2];
    check_begin(argc, argv);
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    CHECK_STATUS(comm_create(&comm, &argc, &argv), STATUS_OK);
    folder_make(comm, folder);
    snprintf(path, sizeof path, "%s/set.h5", folder);
    if (comm_rank(comm) == 0) write_file();
    comm_barrier(comm);
    for (int b = 0; b < 6; b++)
        for (int v = 0; v < 3; v++)
            for (int variant = 0; variant < 4; variant++) {
                const struct test test = {batches[b], virtual_ranks[v], 1 + 2 * (v == 1), variant & 1,
                                          variant & 2};
                snprintf(name, sizeof name, "of %d in %d, %d", (int)batches[b], (int)virtual_ranks[v],
                         variant);
                CHECK_CASE_OF(name, check_batch(&test));
            }
    folder_remove(comm, folder);
    comm_destroy(&comm);
    CHECK(mem_alive() == 0);
    return check_result();
}
