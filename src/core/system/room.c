/* room.c - how much memory this process may still use. */
#include "core/system/room.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE 4096
#define LINE_SIZE 4096

/* The number behind `key` in a file of lines "key number"; the first number if `key` is "". INFINITY = none. */
static double room_read(const char *path, const char *key, double unit)
{
    char line[LINE_SIZE];
    double value = INFINITY;
    size_t length = strlen(key);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        char *end;
        if (strncmp(line, key, length) != 0) continue;
        double number = strtod(line + length, &end);
        if (end != line + length) value = number * unit;
        break;
    }
    if (file) fclose(file);
    return value;
}

/* The names that version 1 and 2 of control groups have for the same. */
struct names {
    const char *max, *used, *cached;
};
static const struct names version1 = {"memory.limit_in_bytes", "memory.usage_in_bytes",
                                      "total_inactive_file "};
static const struct names version2 = {"memory.max", "memory.current", "inactive_file "};

static double room_of_group(const char *folder, const struct names *names)
{
    char path[PATH_SIZE + 64];
    snprintf(path, sizeof path, "%s/%s", folder, names->max);
    double max = room_read(path, "", 1);
    if (max >= 0x1p62) return INFINITY; /* no limit: a huge number, or the word max */
    snprintf(path, sizeof path, "%s/%s", folder, names->used);
    double used = room_read(path, "", 1);
    snprintf(path, sizeof path, "%s/memory.stat", folder);
    double cached = room_read(path, names->cached, 1);
    return isinf(used) ? max : max - used + (isinf(cached) ? 0 : cached);
}

/* Of a group and all that it is in: `path` below `root`. */
static double room_of_groups(const char *root, const char *path, const struct names *names)
{
    char folder[PATH_SIZE];
    double room = INFINITY;
    int length = snprintf(folder, sizeof folder, "%s%s", root, path);
    if (length < 0 || length >= PATH_SIZE) return room;
    for (size_t base = strlen(root); strlen(folder) >= base;) {
        room = fmin(room, room_of_group(folder, names));
        char *slash = strrchr(folder, '/');
        if (!slash) break;
        *slash = '\0';
    }
    return room;
}

/* Lines are "number:controllers:path"; in a container the path may be one of the outside. */
static double room_of_all_groups(void)
{
    char line[LINE_SIZE];
    double room = INFINITY;
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file && fgets(line, sizeof line, file)) {
        char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path) continue;
        *path++ = '\0';
        path[strcspn(path, "\n")] = '\0';
        if (strcmp(path, "/") == 0) path = "";
        if (controllers[1] == '\0')
            room = fmin(room, room_of_groups("/sys/fs/cgroup", path, &version2));
        else if (strcmp(controllers + 1, "memory") == 0)
            room = fmin(room, room_of_groups("/sys/fs/cgroup/memory", path, &version1));
    }
    if (file) fclose(file);
    return room;
}

double room_of_memory(const char **limit)
{
    double machine = room_read("/proc/meminfo", "MemAvailable:", 1024), groups = room_of_all_groups();
    *limit = groups < machine ? "the job's control group" : "the machine";
    return fmax(0, fmin(machine, groups));
}
