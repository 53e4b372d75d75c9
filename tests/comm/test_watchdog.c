/* test_watchdog.c - what a watchdog reports, and when it ends a process. The program starts itself with the
 * name of a case. */
#include "comm/watch/watchdog.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "comm/watch/private.h"
#include "core/system/clock.h"
#include "core/system/process.h"

#define HANG  0.6
#define DEATH 2.0

/* Reports. */

static const struct watchdog_view views[] = {{4, 1004, 8, ACTIVITY_UPDATING, ACTIVITY_WAIT_RANK, 2, 'R'},
                                             {5, 1005, 8, ACTIVITY_UPDATING, ACTIVITY_WAIT_RANK, 2, 'R'},
                                             {6, 1006, 7, ACTIVITY_COMPUTING, ACTIVITY_WAIT_NONE, 0, 'D'},
                                             {7, 1007, 8, ACTIVITY_UPDATING, ACTIVITY_WAIT_NODE, 0, 'R'},
                                             {8, 1008, 8, ACTIVITY_READING, ACTIVITY_WAIT_ALL, 0, 'T'}};

static struct watchdog_scene scene_of(int count)
{
    return (struct watchdog_scene){.host = "n7",
                                   .node = 1,
                                   .nodes = 2,
                                   .count = count,
                                   .views = views,
                                   .seconds = 300,
                                   .rule = "sync.timeout"};
}

#define CHECK_SAYS(text, words) CHECK(strstr(text, words) != NULL)

static void check_hang_report(void)
{
    char text[WATCHDOG_TEXT];
    struct watchdog_scene scene = scene_of(5);
    watchdog_report_hang(text, &scene);
    CHECK_SAYS(text,
               "ddp_train: error: no progress for 300 s (sync.timeout): 2 of 5 ranks on host n7 did not "
               "finish step 9\n");
    CHECK_SAYS(text,
               "\n  rank 6 (host n7, pid 1006): 7 steps done, computing gradients; its process is stuck");
    CHECK_SAYS(text, "\n  rank 8 (host n7, pid 1008): 8 steps done, reading samples, waiting for all ranks; "
                     "its process is "
                     "stopped (state T)\n");
    CHECK_SAYS(text, "\n  ranks 4-5 wait for rank 6 (summing gradients and updating)\n");
    CHECK_SAYS(text, "\n  rank 7 waits for messages of node 0 (summing gradients and updating)\n");
    CHECK_SAYS(text, "raise sync.timeout\n  the job ends with exit code 86\n");
}

/* No rank of this node blocks the others. */
static void check_waiting_report(void)
{
    char text[WATCHDOG_TEXT];
    struct watchdog_scene scene = scene_of(1);
    struct watchdog_view waiting = views[3];
    scene.views = &waiting;
    watchdog_report_hang(text, &scene);
    CHECK_SAYS(text, "the ranks of node 1 (host n7) wait for other nodes in step 9\n  rank 7 waits for "
                     "messages of node 0");
    CHECK(!strstr(text, "did not finish"));
}

/* More ranks than are named, and more text than fits. */
static void check_long_report(void)
{
    char text[WATCHDOG_TEXT];
    static struct watchdog_view many[1000];
    for (int i = 0; i < 1000; i++) {
        many[i] = (struct watchdog_view){i, i, 3, ACTIVITY_UPDATING, ACTIVITY_WAIT_RANK, i % 7, 'R'};
        if (i < 20) many[i].wait = ACTIVITY_WAIT_NONE;
    }
    struct watchdog_scene scene = scene_of(1000);
    scene.views = many;
    watchdog_report_hang(text, &scene);
    CHECK_SAYS(text, "20 of 1000 ranks");
    CHECK_SAYS(text, "\n  rank 7 (");
    CHECK(!strstr(text, "\n  rank 8 ("));
    CHECK_SAYS(text, "\n  and 12 more\n");
    CHECK(strlen(text) == WATCHDOG_TEXT - 1);
}

static void check_exit_report(void)
{
    char text[WATCHDOG_TEXT];
    struct watchdog_scene scene = scene_of(5);
    watchdog_report_exit(text, &scene, 2);
    CHECK(strcmp(text,
                 "ddp_train: error: rank 6 (host n7, pid 1006) died; last step 7, computing gradients\n") ==
          0);
    watchdog_report_launcher(text, &scene);
    CHECK_SAYS(text, "the launcher on host n7 died");
    CHECK_SAYS(text, "last step 8\n");
}

static void check_node_report(void)
{
    char text[WATCHDOG_TEXT];
    struct watchdog_scene scene = scene_of(5);
    struct watchdog_lost_node lost = {3, "n9", NULL};
    scene.seconds = 7.5;
    watchdog_report_node(text, &scene, &lost);
    CHECK_SAYS(text, "ddp_train: error: node 3 (host n9) has not answered for 7.5 s; last step 8\n");
    CHECK_SAYS(text, "exit code 86\n");
    lost.other_host = "n8";
    watchdog_report_node(text, &scene, &lost);
    CHECK_SAYS(text, "for 7.5 s, nor has host n8: host n7 may be cut off from the network; last step 8\n");
    scene.seconds = 0;
    lost.other_host = NULL;
    watchdog_report_node(text, &scene, &lost);
    CHECK_SAYS(text, "node 3 (host n9) closed its connection: its ranks have ended; last step 8\n");
}

/* Cases: what the last rank does while the others wait for it. */

static void sleep_for(double seconds)
{
    for (double end = clock_seconds() + seconds; clock_seconds() < end;) usleep(10000);
}

static int run_case(const char *what)
{
    struct comm *comm = NULL;
    struct watchdog_limits limits = {strcmp(what, "unwatched") == 0 ? 0 : HANG, DEATH};
    int status = comm_create(&comm, NULL, NULL);
    if (strcmp(what, "mute") == 0) CHECK(freopen("/dev/full", "w", stderr));
    if (status == STATUS_OK) status = watchdog_start(comm, &limits);
    activity_set_step(4);
    activity_set_phase(ACTIVITY_UPDATING);
    if (comm_rank(comm) == comm_size(comm) - 1) {
        activity_set_phase(strcmp(what, "slow") == 0 ? ACTIVITY_SAVING : ACTIVITY_COMPUTING);
        if (strcmp(what, "leave") == 0) _exit(0);
        for (int i = 0; i < 20 && strcmp(what, "alive") == 0; i++, activity_end_wait()) sleep_for(HANG / 4);
        bool hangs = strcmp(what, "hang") == 0 || strcmp(what, "mute") == 0;
        sleep_for(hangs ? 60 : strcmp(what, "alive") == 0 ? 0 : 3 * HANG);
    }
    comm_barrier(comm);
    watchdog_stop();
    comm_destroy(&comm);
    return status;
}

struct job {
    const char *ranks; /* "" = without mpirun */
    const char *what;
    FILE *output;
    double start;
};

static struct job begin(const char *self, const char *ranks, const char *what)
{
    char line[4096];
    const char *launcher = *ranks ? "mpirun -np " : "";
    snprintf(line, sizeof line, "exec %s%s %s act %s 2>&1", launcher, ranks, self, what);
    return (struct job){ranks, what, popen(line, "r"), clock_seconds()};
}

/* The exit code; the text is what was written to both streams. */
static int finish(struct job *job, char text[WATCHDOG_TEXT], double *seconds)
{
    size_t length = fread(text, 1, WATCHDOG_TEXT - 1, job->output);
    text[length] = '\0';
    int status = pclose(job->output);
    *seconds = clock_seconds() - job->start;
    fprintf(stderr, "%s%s: %.1f s\n", *job->ranks ? job->ranks : "alone, ", job->what, *seconds);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void check_ends(const char *self, const char *ranks)
{
    struct job job = begin(self, ranks, "hang");
    char text[WATCHDOG_TEXT];
    double seconds;
    CHECK(finish(&job, text, &seconds) == STATUS_WATCHDOG);
    CHECK(seconds > HANG && seconds < HANG + 5); /* mpirun takes a second to end, and one to start */
    CHECK_SAYS(text, "no progress for 0.6 s (sync.timeout): 1 of ");
    CHECK_SAYS(text, "4 steps done, computing gradients\n");
    if (*ranks) CHECK_SAYS(text, "  rank 0 waits for all ranks (summing gradients and updating)\n");
    const char *first = strstr(text, "no progress");
    CHECK(first && !strstr(first + 1, "no progress"));
}

/* A report that cannot be written delays no end. The best of three: the machine may be busy with other
 * things. */
static void check_mute(const char *self)
{
    char text[WATCHDOG_TEXT];
    double seconds = INFINITY;
    for (int i = 0; i < 3 && seconds > HANG + 2; i++) {
        struct job job = begin(self, "", "mute");
        CHECK(finish(&job, text, &seconds) == STATUS_WATCHDOG);
    }
    CHECK(seconds < HANG + 2);
}

static void check_is_left_alone(const char *self, const char *what)
{
    struct job job = begin(self, "", what);
    char text[WATCHDOG_TEXT];
    double seconds;
    CHECK(finish(&job, text, &seconds) == 0);
    CHECK(seconds > 2 * HANG);
    CHECK(!strstr(text, "error"));
}

static void check_leaving(const char *self)
{
    struct job job = begin(self, "2", "leave");
    char text[WATCHDOG_TEXT];
    double seconds;
    CHECK(finish(&job, text, &seconds) != 0);
    CHECK(seconds < DEATH + 3);
    CHECK_SAYS(text, "rank 1 (host ");
    CHECK_SAYS(text, ") died; last step 4, computing gradients\n");
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "act") == 0) return run_case(argv[2]);
    check_begin(argc, argv);
    CHECK_CASE(check_hang_report());
    CHECK_CASE(check_waiting_report());
    CHECK_CASE(check_long_report());
    CHECK_CASE(check_exit_report());
    CHECK_CASE(check_node_report());
    CHECK_CASE(check_ends(argv[0], ""));
    CHECK_CASE(check_ends(argv[0], "2"));
    CHECK_CASE(check_mute(argv[0]));
    CHECK_CASE(check_is_left_alone(argv[0], "slow"));
    CHECK_CASE(check_is_left_alone(argv[0], "alive"));
    CHECK_CASE(check_is_left_alone(argv[0], "unwatched"));
    CHECK_CASE(check_leaving(argv[0]));
    return check_result();
}
