// ranks: 1 3 4
// label: slow
/* Every loss, kind of labels and reduction in a real step: the update and the counts are those of one process
 * over the whole global batch, also when most virtual ranks hold no sample, no valid one, or none that weighs
 * anything; and a batch without any valid label changes no weight. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "io/h5/h5.h"
#include "kernels.h"
#include "core/mem.h"
#include "data/order.h"
#include "spec.h"
#include "folder.h"
#include "train/trainer/private.h"

#define SAMPLES       61
#define BATCH         48
#define VIRTUAL_RANKS 8
#define SLICE         (BATCH / VIRTUAL_RANKS)
#define FEATURES      6
#define OUTPUTS       4

static struct comm *comm;
static char path[64];

/* Numbers that look random, in 0 .. 63. */
static int mix(int64_t sample, int64_t k, int purpose)
{
    uint32_t h = (uint32_t)(sample * 2654435761 + k * 40503 + purpose * 97);
    h ^= h >> 15, h *= 0x2c1b3c6d, h ^= h >> 12;
    return (int)(h % 64);
}

typedef double column(int64_t sample, int64_t k);

static double feature(int64_t sample, int64_t k)
{
    return mix(sample, k, 1) / 32.0 - 1;
}

static double index_of(int64_t sample, int64_t k)
{
    (void)k;
    return mix(sample, 0, 2) % OUTPUTS;
}

/* Virtual ranks 2 to 4 of the first batch have no valid label, and of the last one only a single sample
 * has. */
static double ignored(int64_t sample, int64_t k)
{
    bool middle = sample >= 2 * SLICE && sample < 5 * SLICE, last = sample >= BATCH && sample != BATCH + 3;
    return middle || last ? -100 : index_of(sample, k);
}

/* The first batch has no valid label. */
static double late(int64_t sample, int64_t k)
{
    return sample < BATCH ? -100 : index_of(sample, k);
}

static double onehot(int64_t sample, int64_t k)
{
    return k == (int64_t)index_of(sample, 0);
}

static double probs(int64_t sample, int64_t k) /* 1/8, and 1/2 + 1/8 for one */
{
    return 0.125 + 0.5 * onehot(sample, k);
}

static double multilabel(int64_t sample, int64_t k)
{
    return mix(sample, k, 3) % 2;
}

static double values(int64_t sample, int64_t k) /* in [0, 1), which every loss takes */
{
    return mix(sample, k, 4) / 64.0;
}

static double weight(int64_t sample, int64_t k) /* virtual rank 1 of the first batch weighs nothing */
{
    return sample / SLICE == 1 ? 0 : mix(sample, k, 5) / 16.0;
}

static void write_rows(struct h5_writer *w, const char *name, int64_t width, column *at)
{
    double rows[SAMPLES * FEATURES];
    for (int64_t i = 0; i < SAMPLES * width; i++) rows[i] = at(i / width, i % width);
    CHECK_STATUS(h5_write(w, name, H5_TYPE_F64, width > 1 ? 2 : 1, (const int64_t[]){SAMPLES, width}, rows),
                 STATUS_OK);
}

static void write_indices(struct h5_writer *w, const char *name, column *at)
{
    int64_t rows[SAMPLES];
    for (int64_t i = 0; i < SAMPLES; i++) rows[i] = (int64_t)at(i, 0);
    CHECK_STATUS(h5_write(w, name, H5_TYPE_I64, 1, (const int64_t[]){SAMPLES}, rows), STATUS_OK);
}

static void write_file(void)
{
    struct h5_writer *w;
    CHECK_STATUS(h5_create(&w, path, true), STATUS_OK);
    write_rows(w, "x", FEATURES, feature);
    write_indices(w, "index", index_of);
    write_indices(w, "ignored", ignored);
    write_indices(w, "late", late);
    write_rows(w, "onehot", OUTPUTS, onehot);
    write_rows(w, "probs", OUTPUTS, probs);
    write_rows(w, "multilabel", OUTPUTS, multilabel);
    write_rows(w, "target", OUTPUTS, values);
    write_rows(w, "weights", 1, weight);
    CHECK_STATUS(h5_commit(&w), STATUS_OK);
}

/* Every list and the options that change what a sample counts. */
static void set_options(struct config *c)
{
    const struct arg *table = c->loss->args;
    for (int i = 0; table[i].name; i++) {
        if (strcmp(table[i].name, "label_smoothing") == 0) c->loss_args.of[i] = 0.25;
        if (strcmp(table[i].name, "p") == 0) c->loss_args.of[i] = 2;
        if (table[i].kind != ARG_LIST) continue;
        CHECK_STATUS(arg_values_resize(&c->loss_args, i, OUTPUTS), STATUS_OK);
        for (int k = 0; k < OUTPUTS; k++) c->loss_args.list[i][k] = 0.5 * k; /* the first counts nothing */
    }
}

/* Plain gradient descent with rate 1, so that the old minus the new weights are the gradient. */
static struct config configuration(const struct loss_ops *loss, enum target_kind kind, const char *labels)
{
    static char none_[] = "", x[] = "x", isa[] = "auto";
    struct config c = {.run_name = none_,
                       .seed = 3,
                       .data.train = path,
                       .data.val = none_,
                       .data.x = x,
                       .data.y = (char *)(uintptr_t)labels,
                       .data.weights = none_,
                       .data.labels = 1 + (int)kind,
                       .data.normalize = NORMALIZE_NONE,
                       .loss = loss,
                       .epochs = 1,
                       .batch = BATCH,
                       .virtual_ranks = VIRTUAL_RANKS,
                       .accumulate = 1,
                       .max_bad_steps = 3,
                       .decay_biases = true,
                       .optim = optim_find("sgd"),
                       .schedule = schedule_find("constant"),
                       .sync_method = SYNC_TREE,
                       .checkpoint_best = none_,
                       .early_stop = none_,
                       .schedule_metric = none_,
                       .metrics_top_k = 1,
                       .metrics_threshold = 0.5,
                       .isa = isa};
    arg_values_defaults(loss->args, &c.loss_args);
    arg_values_defaults(c.optim->args, &c.optim_args);
    int log_target = arg_find(loss->args, "log_target");
    if (log_target >= 0) c.loss_args.of[log_target] = kind == TARGET_VALUES;
    spec_add(&c.model, "linear", OUTPUTS, 0);
    if (loss->output == OUTPUT_LABEL_PROBS) spec_add(&c.model, "sigmoid", 0, 0);
    if (loss->output == OUTPUT_LOG_PROBS) spec_add(&c.model, "log_softmax", 0, 0);
    return c;
}

/* The whole batch in one pass of one process. */
static struct loss_sums reference(const struct trainer *t, const struct order *order, int64_t position,
                                  const float *params, float *grads)
{
    int64_t live = SAMPLES - position < BATCH ? SAMPLES - position : BATCH, lanes = mem_round_floats(live);
    struct model_spec spec = t->config->model;
    struct model *m = NULL;
    struct batch b = {0};
    spec.input = shape_flat(FEATURES);
    CHECK_STATUS(spec_model(&m, &spec, lanes, 1), STATUS_OK);
    CHECK_STATUS(batch_init(&b, &(struct batch_spec){.kernels = kernels,
                                                     .lanes = lanes,
                                                     .leaves = 1,
                                                     .width = dataset_width(t->train)}),
                 STATUS_OK);
    b.live[0] = live;
    for (int64_t i = 0; i < live; i++) b.samples[i] = order_at(order, position + i);
    batch_load(&b, t->train, &t->normal, model_input(m));
    struct pass p = {.params = params, .grads = grads, .lanes = lanes, .leaves = 1, .training = true};
    batch_loss(&b, &t->loss, model_forward(m, &p), model_output_grad(m), NULL);
    struct loss_sums sums = b.sums[0];
    model_backward(m, &p);
    batch_free(&b);
    model_destroy(&m);
    return sums;
}

static void check_sums(const struct loss_sums *have, const struct loss_sums *want)
{
    CHECK(have->count == want->count && have->valid == want->valid && have->correct == want->correct);
    CHECK_NEAR(have->weight, want->weight, 1e-12 * want->weight);
    CHECK_NEAR(have->loss, want->loss, 1e-5 * (1 + fabs(want->loss))); /* float32 in the layers below */
}

static void check_step(struct trainer *t, const struct order *order, int64_t position, bool sum)
{
    int64_t count = model_param_floats(t->model);
    float before[256], grads[256];
    double largest = 1;
    CHECK(count <= 256);
    memcpy(before, sync_params(t->sync), (size_t)count * sizeof *before);
    memset(grads, 0, sizeof grads);
    struct loss_sums want = reference(t, order, position, before, grads);
    struct step_result have;
    comm_barrier(comm);
    CHECK_STATUS(trainer_step(t, order, 1, position, 1.0, &have), STATUS_OK);
    check_sums(&have.sums, &want);
    double divisor = sum ? 1 : want.weight;
    for (int64_t i = 0; i < count; i++) largest = fmax(largest, fabs((double)grads[i] / divisor));
    const float *after = sync_params(t->sync);
    for (int64_t i = 0; i < count; i++) /* rounding of the sums and of the two weights */
        CHECK_NEAR(before[i] - after[i], grads[i] / divisor, 6e-8 * 40 * largest);
    comm_barrier(comm);
}

/* Two steps, the last one short. */
static void check_loss(const struct loss_ops *loss, enum target_kind kind, int variant)
{
    static char weights[] = "weights";
    bool weighted = variant & 1, sum = variant & 2, options = variant & 4;
    bool ignores = kind == TARGET_INDEX && loss->ignored_arg;
    struct config config = configuration(loss, kind, ignores ? "ignored" : target_name(kind));
    struct trainer *t = NULL;
    if (weighted) config.data.weights = weights;
    if (sum) config.loss_args.of[LOSS_REDUCTION] = LOSS_SUM;
    if (options) set_options(&config);
    CHECK_STATUS(trainer_create(&t, comm, &config, "text"), STATUS_OK);
    struct order order = order_make(3, 1, SAMPLES, false);
    check_step(t, &order, 0, sum);
    check_step(t, &order, BATCH, sum);
    trainer_destroy(&t);
    arg_values_free(&config.loss_args);
    arg_values_free(&config.optim_args);
}

static void check_empty(const struct loss_ops *loss)
{
    struct config config = configuration(loss, TARGET_INDEX, "late");
    struct trainer *t = NULL;
    struct step_result result;
    float before[256];
    CHECK_STATUS(trainer_create(&t, comm, &config, "text"), STATUS_OK);
    size_t bytes = (size_t)model_param_floats(t->model) * sizeof *before;
    memcpy(before, sync_params(t->sync), bytes);
    comm_barrier(comm);
    struct order order = order_make(3, 1, SAMPLES, false);
    CHECK_STATUS(trainer_step(t, &order, 1, 0, 1.0, &result), STATUS_OK);
    struct loss_sums sums = result.sums;
    CHECK(sums.count == BATCH && sums.valid == 0 && sums.weight == 0 && sums.loss == 0);
    CHECK(memcmp(before, sync_params(t->sync), bytes) == 0);
    CHECK(t->progress.empty_steps == 1);
    comm_barrier(comm);
    trainer_destroy(&t);
    arg_values_free(&config.loss_args);
    arg_values_free(&config.optim_args);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    CHECK_STATUS(comm_create(&comm, &argc, &argv), STATUS_OK);
    char folder[FOLDER_SIZE];
    folder_make(comm, folder);
    snprintf(path, sizeof path, "%s/set.h5", folder);
    if (comm_rank(comm) == 0) write_file();
    comm_barrier(comm);
    for (int i = 0; loss_registry()[i]; i++) {
        const struct loss_ops *loss = loss_registry()[i];
        if (loss->measure) continue; /* needs totals of the batch: e2e/test_positions.py */
        for (int kind = 0; kind < TARGET_KINDS; kind++)
            for (int variant = 0; variant < 8 && loss->targets & TARGET_BIT(kind); variant++)
                CHECK_CASE_OF(loss->name, check_loss(loss, (enum target_kind)kind, variant));
        if (loss->ignored_arg) CHECK_CASE_OF(loss->name, check_empty(loss));
    }
    folder_remove(comm, folder);
    comm_destroy(&comm);
    CHECK(mem_alive() == 0);
    return check_result();
}
