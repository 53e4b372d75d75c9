/* process.c - states of processes, from /proc. */
#include "core/system/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START_FIELD 22 /* of /proc/PID/stat, from 1; the state is the third */

/* Reads state and start time without streams, which may allocate. Returns the state; PROCESS_GONE if there is
 * no such process, 0 if it is unknown. */
static char process_read_stat(int64_t pid, uint64_t *start_time)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%" PRId64 "/stat", pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return errno == ENOENT ? PROCESS_GONE : 0;
    ssize_t length = read(file, line, sizeof line - 1);
    bool left = length < 0 && errno == ESRCH; /* ended meanwhile */
    close(file);
    if (length <= 0) return left ? PROCESS_GONE : 0;
    line[length] = '\0';
    const char *at = strrchr(line, ')'); /* the name before it may contain anything */
    if (!at || at[1] != ' ') return 0;
    char state = at[2];
    at += 2;
    for (int field = 3; at && field < START_FIELD; field++) {
        at = strchr(at, ' ');
        if (at) at++;
    }
    *start_time = at ? strtoull(at, NULL, 10) : 0;
    return state;
}

uint64_t process_start_time(int64_t pid)
{
    uint64_t start_time = 0;
    process_read_stat(pid, &start_time);
    return start_time;
}

char process_state(int64_t pid, uint64_t start_time)
{
    uint64_t started = start_time;
    char state = process_read_stat(pid, &started);
    if (!state) return 'R';
    return started == start_time ? state : PROCESS_GONE;
}

void process_host(char host[PROCESS_HOST_SIZE])
{
    memset(host, 0, PROCESS_HOST_SIZE);
    if (gethostname(host, PROCESS_HOST_SIZE) != 0) strcpy(host, "?");
}
