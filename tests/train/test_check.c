// ranks: 1 3 5
/* A weight that one node holds wrong for a moment ends the run at the next comparison, on all ranks alike,
 * before anything is saved; the same for a number that one rank computes wrongly; and nodes that are alike
 * are left alone. */
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "core/mem.h"
#include "data/order.h"
#include "train/configuration.h"
#include "folder.h"
#include "train/saver/saver.h"
#include "train/trainer/private.h"

/* What rank 0 changes at the event of step 2. */
struct attack {
    struct trainer *t;
    bool weight, sum;
    int64_t last_step;
};

static float *weight_of(struct trainer *t)
{
    return sync_params(t->sync) + model_layer(t->model, 2)->tensors[0].offset + 7;
}

static void on_step(void *self, const struct step_event *e)
{
    struct attack *a = self;
    a->last_step = e->step;
    if (e->step != 2) return;
    if (a->weight) *weight_of(a->t) += 1e-3f;
    if (a->sum) a->t->progress.seen.loss += 1e-9;
}

static void on_epoch(void *self, const struct epoch_event *e)
{
    (void)self, (void)e;
}

static void on_eval(void *self, const struct eval_event *e)
{
    (void)self, (void)e;
}

static void on_done(void *self, const struct done_event *e)
{
    (void)self, (void)e;
}

static bool exists(const char *folder, const char *name)
{
    char path[128];
    struct stat facts;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return stat(path, &facts) == 0;
}

/* A whole run: with a change that only rank 0 sees it ends at the next comparison, after step 4. */
static void test_run(struct comm *comm, const struct config *config, bool weight, bool sum)
{
    struct attack a = {.weight = weight, .sum = sum};
    const struct observer observer = {&a, on_step, on_epoch, on_eval, on_done, NULL};
    bool noticed = (weight && comm_nodes(comm) > 1) || (sum && comm_size(comm) > 1);
    char folder[FOLDER_SIZE];
    folder_make(comm, folder);
    CHECK_STATUS(trainer_create(&a.t, comm, config, "text"), STATUS_OK);
    CHECK_STATUS(trainer_run(a.t, &observer, folder), noticed ? STATUS_DIFFERS : STATUS_OK);
    trainer_destroy(&a.t);
    if (comm_rank(comm) == 0) {
        CHECK(a.last_step == (noticed ? 4 : config->epochs * ((SAMPLES + BATCH - 1) / BATCH)));
        CHECK(exists(folder, "last.h5") == !noticed);
    }
    if (noticed && weight) CHECK(says("node 0 (") && says("(equal after step 0)"));
    if (noticed && sum) CHECK(says("step 4: rank 1 computed different losses"));
    folder_remove(comm, folder);
}

static void take_steps(struct trainer *t, int64_t count)
{
    struct order order = order_make((uint64_t)t->config->seed, 1, t->info.train_samples, t->config->shuffle);
    for (int64_t i = 0; i < count; i++) {
        struct step_result result;
        CHECK_STATUS(trainer_step(t, &order, 1, t->progress.position, 0.1, &result), STATUS_OK);
        t->progress.position += t->config->batch;
    }
}

/* The copy of a node is changed for `steps` steps: neither is that saved nor does a comparison overlook
 * it. */
static void test_node(struct comm *comm, const struct config *config, int node, int64_t steps, bool saving)
{
    struct trainer *t = NULL;
    struct saver *saver = NULL;
    const struct observer observer = {NULL, on_step, on_epoch, on_eval, on_done, NULL};
    char folder[FOLDER_SIZE], who[24];
    folder_make(comm, folder);
    CHECK_STATUS(trainer_create(&t, comm, config, "text"), STATUS_OK);
    t->observer = &observer;
    CHECK_STATUS(saver_create(&saver, t, folder), STATUS_OK);
    take_steps(t, 2);
    CHECK_STATUS(trainer_check(t), STATUS_OK);
    float *weight = weight_of(t);
    comm_barrier(comm);
    if (node == comm_node(comm) && comm_local_rank(comm) == 0) *weight += 1e-3f;
    comm_barrier(comm);
    take_steps(t, steps);
    t->checked = 2;
    enum status status = saving ? saver_take(saver, SAVER_STEP) : trainer_check(t);
    if (status == STATUS_OK) status = saver_finish(saver);
    CHECK_STATUS(status, comm_nodes(comm) > 1 ? STATUS_DIFFERS : STATUS_OK);
    snprintf(who, sizeof who, "node %d (", node);
    if (comm_nodes(comm) > 1) {
        CHECK(says(who) && says(", in model/0") && says("(equal after step 2)"));
    }
    if (comm_rank(comm) == 0) CHECK(exists(folder, "last.h5") == (saving && comm_nodes(comm) == 1));
    saver_destroy(&saver);
    trainer_destroy(&t);
    folder_remove(comm, folder);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    struct comm *comm = NULL;
    CHECK_STATUS(comm_create(&comm, &argc, &argv), STATUS_OK);
    for (int64_t ranks_per_node = 0; ranks_per_node <= 2; ranks_per_node++) {
        CHECK_STATUS(comm_split_nodes(comm, ranks_per_node), STATUS_OK);
        struct config config = configuration(SYNC_TREE);
        config.check_every = 4;
        CHECK_CASE(test_run(comm, &config, false, false));
        CHECK_CASE(test_run(comm, &config, true, false));
        CHECK_CASE(test_run(comm, &config, false, true));
        for (int64_t steps = 1; steps <= 2; steps++) {
            CHECK_CASE(test_node(comm, &config, comm_nodes(comm) - 1, steps, true));
            CHECK_CASE(test_node(comm, &config, 0, steps, false));
        }
    }
    comm_destroy(&comm);
    CHECK(mem_alive() == 0);
    return check_result();
}
