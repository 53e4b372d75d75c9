// ranks: 1 2 3 8
// label: slow
/* A run that is stopped after any of its steps and resumes from its checkpoint reports the same and ends in
 * the same bits as one that never was, on nodes of any size, for every optimizer and with a schedule and an
 * early stop that remember. */
#include "check.h"
#include "io/hash.h"
#include "core/mem.h"
#include "train/checkpoint/private.h"
#include "train/configuration.h"
#include "folder.h"
#include "train/trainer/private.h"

#define STEPS_PER_EPOCH ((SAMPLES + BATCH - 1) / BATCH)

/* What was told, times left out, and when this rank asks for what. */
struct told {
    struct trainer *t;
    int64_t stop_before; /* requests an end in the step after that many; -1 = never */
    struct hash steps, epochs;
    int64_t step_count, epoch_count, done_count;
    uint64_t weights;
};

static void on_step(void *self, const struct step_event *e)
{
    struct told *s = self;
    double values[] = {(double)e->epoch, (double)e->step, (double)e->step_in_epoch,
                       e->loss,          e->accuracy,     e->lr};
    hash_add(&s->steps, values, sizeof values);
    s->step_count++;
    if (e->step == s->stop_before) s->t->requests = REQUEST_STOP;
}

static void on_epoch(void *self, const struct epoch_event *e)
{
    struct told *s = self;
    double values[] = {(double)e->epoch, (double)e->step, e->loss, e->accuracy, e->lr, (double)e->bad_steps};
    hash_add(&s->epochs, values, sizeof values);
    s->epoch_count++;
}

static void on_eval(void *self, const struct eval_event *e)
{
    struct told *s = self;
    double values[] = {(double)e->epoch, (double)e->correct, e->loss};
    hash_add(&s->epochs, values, sizeof values);
}

static void on_done(void *self, const struct done_event *e)
{
    struct told *s = self;
    s->done_count++;
    s->weights = e->weights_hash;
}

static void begin(struct told *s)
{
    *s = (struct told){.stop_before = -1};
    hash_begin(&s->steps);
    hash_begin(&s->epochs);
}

/* A part of a run: from a checkpoint, or from the start if it is NULL. */
static enum status part(struct told *told, struct comm *comm, const struct config *config, const char *folder,
                        const char *from, int64_t stop_before)
{
    struct observer observer = {told, on_step, on_epoch, on_eval, on_done, NULL};
    struct trainer *t = NULL;
    struct trainer_point point;
    CHECK_STATUS(trainer_create(&t, comm, config, "text"), STATUS_OK);
    told->t = t;
    told->stop_before = stop_before;
    if (stop_before == 0) t->requests = comm_rank(comm) == comm_size(comm) - 1 ? REQUEST_STOP : 0;
    enum status status = STATUS_OK;
    if (from) status = trainer_resume(t, from, 0, &point);
    if (from && status == STATUS_OK) CHECK(!point.finished);
    if (status == STATUS_OK) status = trainer_run(t, &observer, folder);
    trainer_destroy(&t);
    return status;
}

/* Stops before step `at` and goes on. */
static void check_stop(struct comm *comm, const struct config *config, const struct told *whole, int64_t at)
{
    char folder[FOLDER_SIZE], file[FOLDER_SIZE + 32];
    struct told told;
    begin(&told);
    folder_make(comm, folder);
    CHECK_STATUS(part(&told, comm, config, folder, NULL, at), STATUS_REQUEUE);
    snprintf(file, sizeof file, "%s/step-%09lld.h5", folder, (long long)at + 1);
    CHECK_STATUS(part(&told, comm, config, folder, file, -1), STATUS_OK);
    if (comm_rank(comm) == 0) {
        CHECK(told.weights == whole->weights && told.done_count == 1);
        CHECK(told.step_count == whole->step_count && hash_end(&told.steps) == hash_end(&whole->steps));
        CHECK(told.epoch_count == whole->epoch_count && hash_end(&told.epochs) == hash_end(&whole->epochs));
    }
    folder_remove(comm, folder);
}

static struct told run_whole(struct comm *comm, const struct config *config)
{
    char folder[FOLDER_SIZE];
    struct told whole;
    begin(&whole);
    folder_make(comm, folder);
    CHECK_STATUS(part(&whole, comm, config, folder, NULL, -1), STATUS_OK);
    folder_remove(comm, folder);
    return whole;
}

static struct config remembering(const struct optim_ops *optim)
{
    static char metric[] = "val.loss";
    struct config c = configuration(SYNC_TREE);
    c.epochs = 3;
    c.checkpoint_keep = 2;
    c.optim = optim;
    arg_values_defaults(c.optim->args, &c.optim_args);
    c.schedule = schedule_find("reduce_on_plateau");
    arg_values_defaults(c.schedule->args, &c.schedule_args);
    c.early_stop = c.schedule_metric = c.checkpoint_best = metric;
    c.patience = 2;
    return c;
}

static void check_every_step(struct comm *comm)
{
    struct config config = remembering(optim_find("adam"));
    struct told whole = run_whole(comm, &config);
    if (comm_rank(comm) == 0) CHECK(whole.step_count == 3 * STEPS_PER_EPOCH);
    for (int64_t at = 0; at < 3 * STEPS_PER_EPOCH; at++) check_stop(comm, &config, &whole, at);
}

static void check_every_optimizer(struct comm *comm)
{
    for (const struct optim_ops *const *optim = optim_registry(); *optim; optim++) {
        struct config config = remembering(*optim);
        struct told whole = run_whole(comm, &config);
        check_stop(comm, &config, &whole, STEPS_PER_EPOCH + 3);
    }
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    struct comm *comm = NULL;
    CHECK_STATUS(comm_create(&comm, &argc, &argv), STATUS_OK);
    CHECK_CASE(check_every_step(comm));
    CHECK_STATUS(comm_split_nodes(comm, 2), STATUS_OK);
    CHECK_CASE(check_every_optimizer(comm));
    comm_destroy(&comm);
    CHECK(mem_alive() == 0);
    return check_result();
}
