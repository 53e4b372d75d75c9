#include "comm/leftovers.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEGMENT "/vader_segment."

/* The files' name up to the number of the rank on the machine, and how many of them were removed. */
static char stem[PATH_MAX];
static int hidden;

static void path_of(int rank, char path[PATH_MAX + 16])
{
    snprintf(path, PATH_MAX + 16, "%s.%d", stem, rank);
}

/* The one of this job: this process has mapped it. */
static bool find_stem(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[PATH_MAX + 128], *path = NULL;
    while (maps && !path && fgets(line, sizeof line, maps)) {
        path = strstr(line, SEGMENT) ? strchr(line, '/') : NULL;
        char *end = path ? strrchr(path, '.') : NULL;
        if (!end || end - path >= PATH_MAX) continue;
        memcpy(stem, path, (size_t)(end - path));
        stem[end - path] = '\0';
    }
    if (maps) fclose(maps);
    return path != NULL;
}

void leftovers_hide(int ranks)
{
    char path[PATH_MAX + 16];
    if (!find_stem()) return; /* other shared memory, or none */
    for (hidden = 0; hidden < ranks; hidden++) {
        path_of(hidden, path);
        unlink(path);
    }
}

void leftovers_restore(void)
{
    char path[PATH_MAX + 16];
    for (; hidden > 0; hidden--) {
        path_of(hidden - 1, path);
        int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (file >= 0) close(file);
    }
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    remove(path);
    return 0; /* what cannot be removed stays */
}

/* .../ompi.HOST.USER/pid.NUMBER, or jf.NUMBER on the other hosts; the upper folder is that of all jobs. */
void leftovers_of_launcher(void)
{
    const char *folder = getenv("OMPI_MCA_orte_jobfam_session_dir"),
               *all = getenv("OMPI_MCA_orte_top_session_dir");
    const char *name = folder ? strrchr(folder, '/') : NULL;
    if (!name || !strstr(folder, "/ompi.") ||
        (strncmp(name, "/pid.", 5) != 0 && strncmp(name, "/jf.", 4) != 0))
        return;
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    if (all) rmdir(all); /* if no other job is in it */
}
