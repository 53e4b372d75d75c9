/* leftovers.c - removes files of Open MPI that a killed job would leave behind. */
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

/* The files' path up to the rank on the machine, and the number of removed files. */
static char stem[PATH_MAX];
static int hidden;

static void make_path(int rank, char path[PATH_MAX + 16])
{
    snprintf(path, PATH_MAX + 16, "%s.%d", stem, rank);
}

/* Finds the files of this job in the list of what this process has mapped. */
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
        make_path(hidden, path);
        unlink(path);
    }
}

void leftovers_restore(void)
{
    char path[PATH_MAX + 16];
    for (; hidden > 0; hidden--) {
        make_path(hidden - 1, path);
        int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (file >= 0) close(file);
    }
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    remove(path);
    return 0; /* go on where one cannot be removed */
}

/* The folder is .../ompi.HOST.USER/pid.NUMBER, or jf.NUMBER on the other hosts; the one above belongs to all
 * jobs. */
void leftovers_remove_session(void)
{
    const char *folder = getenv("OMPI_MCA_orte_jobfam_session_dir"),
               *all = getenv("OMPI_MCA_orte_top_session_dir");
    const char *name = folder ? strrchr(folder, '/') : NULL;
    if (!name || !strstr(folder, "/ompi.") ||
        (strncmp(name, "/pid.", 5) != 0 && strncmp(name, "/jf.", 4) != 0))
        return;
    nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    if (all) rmdir(all); /* fails if another job uses it */
}
