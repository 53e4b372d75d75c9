#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/rundir/journal.h"
#include "check.h"
#include "core/log.h"

static char path[] = "/tmp/ddp_test_journal.XXXXXX";

static void limit_files(rlim_t bytes)
{
    struct rlimit now;
    CHECK(getrlimit(RLIMIT_FSIZE, &now) == 0);
    now.rlim_cur = bytes;
    CHECK(setrlimit(RLIMIT_FSIZE, &now) == 0);
}

/* The steps that the file tells of, as text; a line that is not whole shows as '?'. */
static void read_steps(char text[64])
{
    char line[256];
    FILE *in = fopen(path, "r");
    *text = '\0';
    while (in && fgets(line, sizeof line, in)) {
        const char *step = strstr(line, "\"step\": ");
        bool whole = strncmp(line, "{\"kind\": \"step\"", 15) == 0 && strchr(line, '\n') && step;
        snprintf(text + strlen(text), 64 - strlen(text), whole ? " %d" : " ?", whole ? atoi(step + 8) : 0);
    }
    if (in) fclose(in);
}

static void tell(struct journal *j, int64_t step)
{
    journal_step(j, &(struct step_event){.epoch = 1, .step = step, .loss = 1, .accuracy = 0.5, .lr = 0.1});
}

/* Wherever within a line the disk ends: whole lines only, and it goes on as soon as it can. */
static void test_full_for_a_while(void)
{
    struct journal j;
    char steps[64];
    CHECK_STATUS(journal_open(&j, path, 1), STATUS_OK);
    tell(&j, 1);
    int64_t line = j.bytes;
    journal_close(&j);
    for (int64_t room = 0; room < line; room++) {
        CHECK_STATUS(journal_open(&j, path, 1), STATUS_OK);
        tell(&j, 1);
        limit_files((rlim_t)(line + room));
        tell(&j, 2);
        tell(&j, 3);
        CHECK(j.bytes == line);
        limit_files(RLIM_INFINITY);
        tell(&j, 4);
        CHECK(j.bytes == 2 * line);
        journal_settle(&j);
        journal_close(&j);
        read_steps(steps);
        CHECK(strcmp(steps, " 1 4") == 0);
    }
}

static void test_full_to_the_end(void)
{
    struct journal j;
    char steps[64];
    CHECK_STATUS(journal_open(&j, path, 1), STATUS_OK);
    tell(&j, 1);
    limit_files((rlim_t)(j.bytes + 5));
    tell(&j, 2);
    journal_close(&j);
    limit_files(RLIM_INFINITY);
    read_steps(steps);
    CHECK(strcmp(steps, " 1") == 0);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    int file = mkstemp(path);
    if (file < 0) return 1;
    close(file);
    signal(SIGXFSZ, SIG_IGN);
    log_enable(false);
    CHECK_CASE(test_full_for_a_while());
    CHECK_CASE(test_full_to_the_end());
    unlink(path);
    return check_result();
}
