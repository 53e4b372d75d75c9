// ranks: 1 2 3
/* Checkpoints beside the steps: what they hold, what they are called, and which ones stay. */
#include <unistd.h>

#include "train/scene.h"

static void check_names(struct comm *comm)
{
    struct scene s;
    open_scene(&s, comm);
    CHECK(files_are(&s, ""));
    CHECK_STATUS(save(&s, 10, SAVER_STEP | SAVER_BEST), STATUS_OK);
    if (is_root(&s)) CHECK(marks == 1 && settled == 1 && s.t->progress.metrics_bytes == 101);
    CHECK(files_are(&s, " best.h5 last.h5 step-000000010.h5"));
    if (is_root(&s)) CHECK(inode(&s, "best.h5") == inode(&s, "step-000000010.h5"));
    CHECK_STATUS(save(&s, 20, SAVER_STEP), STATUS_OK);
    CHECK_STATUS(save(&s, 30, SAVER_STEP), STATUS_OK);
    CHECK(files_are(&s, " best.h5 last.h5 step-000000020.h5 step-000000030.h5"));
    CHECK(holds(&s, "best.h5", 10) && holds(&s, "last.h5", 30) && holds(&s, "step-000000020.h5", 20));
    /* The same once more: a run was stopped where one was due. */
    CHECK_STATUS(save(&s, 30, SAVER_STEP), STATUS_OK);
    CHECK(files_are(&s, " best.h5 last.h5 step-000000020.h5 step-000000030.h5"));
    if (is_root(&s)) CHECK(inode(&s, "last.h5") == inode(&s, "step-000000030.h5"));
    CHECK_STATUS(save(&s, 35, SAVER_BEST), STATUS_OK);
    CHECK(files_are(&s, " best.h5 last.h5 step-000000020.h5 step-000000030.h5") && holds(&s, "last.h5", 35));
    CHECK_STATUS(save(&s, 40, SAVER_FINAL | SAVER_BEST), STATUS_OK);
    CHECK(files_are(&s, " best.h5 final.h5 last.h5 step-000000020.h5 step-000000030.h5"));
    CHECK(holds(&s, "best.h5", 40) && holds(&s, "final.h5", 40) && holds(&s, "last.h5", 40));
    close_scene(&s);
}

/* The file has the state at the time of the call, and the main thread allocates nothing for it. */
static void check_copy(struct comm *comm)
{
    struct scene s;
    open_scene(&s, comm);
    advance(&s, 1);
    uint64_t before = mem_allocations();
    for (int64_t step = 1; step <= 5; step++) {
        CHECK_STATUS(saver_take(s.saver, SAVER_STEP), STATUS_OK);
        advance(&s, step + 1); /* while it is written */
    }
    CHECK_STATUS(saver_finish(s.saver), STATUS_OK);
    CHECK(mem_allocations() == before);
    CHECK(files_are(&s, " last.h5 step-000000004.h5 step-000000005.h5"));
    CHECK(holds(&s, "step-000000004.h5", 4) && holds(&s, "step-000000005.h5", 5) && holds(&s, "last.h5", 5));
    close_scene(&s);
}

static void check_divergence(struct comm *comm)
{
    struct scene s;
    open_scene(&s, comm);
    CHECK_STATUS(save(&s, 1, SAVER_STEP), STATUS_OK);
    int64_t count = model_param_floats(s.t->model);
    for (int place = 0; place < 3; place++) {
        advance(&s, 2);
        if (comm_local_rank(comm) == 0)
            sync_params(s.t->sync)[place * (count - 1) / 2] = place == 1 ? NAN : INFINITY;
        comm_barrier(comm);
        CHECK_STATUS(saver_take(s.saver, SAVER_STEP | SAVER_BEST), STATUS_DIVERGED);
        const char *text = place == 1 ? "step 2: a weight is nan" : "step 2: a weight is inf";
        CHECK(strncmp(status_text(), text, strlen(text)) == 0);
        CHECK_STATUS(saver_finish(s.saver), STATUS_OK);
        CHECK(files_are(&s, " last.h5 step-000000001.h5") && holds(&s, "last.h5", 1));
    }
    close_scene(&s);
}

/* Asked for by rank 0's clock, not while another is being written, and done with when it is taken. */
static void check_minutes(struct comm *comm)
{
    struct scene s;
    open_scene(&s, comm);
    advance(&s, 1);
    saver_look(s.saver);
    CHECK(s.t->requests == 0);
    s.config.checkpoint_every_minutes = 1e-7;
    usleep(1000);
    s.t->requests = comm_rank(comm) == 0 ? 0 : REQUEST_STOP;
    saver_look(s.saver);
    CHECK(s.t->requests == (comm_rank(comm) == 0 ? REQUEST_SAVE : REQUEST_STOP));
    s.t->requests |= REQUEST_SAVE;
    CHECK_STATUS(saver_take(s.saver, SAVER_STEP), STATUS_OK);
    CHECK(s.t->requests == (comm_rank(comm) == 0 ? 0 : REQUEST_STOP));
    s.config.checkpoint_every_minutes = 1;
    CHECK_STATUS(saver_finish(s.saver), STATUS_OK);
    saver_look(s.saver);
    CHECK(!(s.t->requests & REQUEST_SAVE));
    close_scene(&s);
}

static void write_text(const struct scene *s, const char *name)
{
    FILE *out = fopen(path_of(s, name), "w");
    CHECK(out && fputs("not a checkpoint", out) >= 0 && fclose(out) == 0);
}

/* A run that resumes from an earlier point. */
static void check_set_back(struct comm *comm)
{
    struct scene s;
    open_scene(&s, comm);
    for (int64_t step = 10; step <= 30; step += 10) CHECK_STATUS(save(&s, step, SAVER_STEP), STATUS_OK);
    CHECK_STATUS(save(&s, 40, SAVER_FINAL | SAVER_BEST), STATUS_OK);
    saver_destroy(&s.saver);
    if (is_root(&s)) write_text(&s, "step-000000050.h5");
    if (is_root(&s)) write_text(&s, "step-000000020.h5.tmp.4711");
    if (is_root(&s)) write_text(&s, "notes.txt");
    advance(&s, 20);
    CHECK_STATUS(saver_create(&s.saver, s.t, s.folder), STATUS_OK);
    CHECK(files_are(&s, " best.h5.old final.h5.old last.h5.old notes.txt step-000000020.h5"
                        " step-000000030.h5.old step-000000050.h5.old"));
    if (is_root(&s)) CHECK(logged(&s, "later than the step the run continues from") == 5);
    CHECK_STATUS(save(&s, 30, SAVER_STEP), STATUS_OK);
    CHECK(holds(&s, "step-000000030.h5", 30) && holds(&s, "last.h5", 30));
    close_scene(&s);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    struct comm *comm = NULL;
    CHECK_STATUS(comm_create(&comm, &argc, &argv), STATUS_OK);
    log_enable(comm_rank(comm) == 0);
    CHECK_CASE(check_names(comm));
    CHECK_CASE(check_copy(comm));
    CHECK_CASE(check_divergence(comm));
    CHECK_CASE(check_minutes(comm));
    CHECK_STATUS(comm_split_nodes(comm, 2), STATUS_OK);
    CHECK_CASE(check_set_back(comm));
    CHECK_CASE(check_copy(comm));
    CHECK_CASE(check_divergence(comm));
    comm_destroy(&comm);
    CHECK(mem_alive() == 0);
    return check_result();
}
