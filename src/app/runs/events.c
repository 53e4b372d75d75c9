/* events.c - reads metrics.jsonl. */
#include "app/runs/events.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/rundir/rundir.h"

static enum status events_read(FILE *in, const char *path,
                               void (*each)(void *self, const struct json_object *event), void *self)
{
    enum status status = STATUS_OK;
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    for (int64_t number = 1; status == STATUS_OK && (length = getline(&line, &room, in)) > 0; number++) {
        struct json_object *event;
        if (line[length - 1] != '\n') break;
        status = json_object_read(&event, line);
        if (status != STATUS_OK) {
            status_at(status, "%s:%lld", path, (long long)number);
            break;
        }
        each(self, event);
        json_object_free(&event);
    }
    free(line);
    return status;
}

enum status events_each(const char *folder, void (*each)(void *self, const struct json_object *event),
                        void *self)
{
    char path[RUNDIR_PATH_SIZE];
    TRY(rundir_file(folder, "metrics.jsonl", path));
    FILE *in = fopen(path, "r");
    if (!in) return status_fail(STATUS_OTHER, "%s: cannot be read: %s", path, strerror(errno));
    enum status status = events_read(in, path, each, self);
    fclose(in);
    return status;
}

static bool events_has(const struct json_object *event, const char *key, const char *text)
{
    const char *found = json_object_text(event, key);
    return found && strcmp(found, text) == 0;
}

bool events_is_epoch(const struct json_object *event)
{
    return events_has(event, "kind", "epoch");
}

bool events_is_val(const struct json_object *event)
{
    return events_has(event, "kind", "eval") && events_has(event, "split", "val");
}

int64_t events_whole(const struct json_object *event, const char *key)
{
    double value = json_object_number(event, key);
    return fabs(value) < 9e15 ? (int64_t)value : 0;
}

void events_renew(const struct json_object *event, const char *key, int64_t *value)
{
    bool begins = events_has(event, "kind", "start") || events_has(event, "kind", "resume");
    if (begins && !isnan(json_object_number(event, key))) *value = events_whole(event, key);
}
