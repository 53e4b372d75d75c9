/* list.h - the runs below some folders, and in which keys their configurations differ. Local functions. Private to the
 * app layer. */
#ifndef APP_RUNS_LIST_H
#define APP_RUNS_LIST_H

#include "app/runs/summary.h"

/* A key whose values differ between runs. */
struct list_key {
    char *name;
    char **values; /* [count]; NULL = as in the first run that has a configuration */
    char *first;
};

struct list {
    struct summary **runs;
    int64_t count, room;
    struct list_key *keys;
    int64_t key_count, key_room;
};

/* Adds a run directory, or the runs in a folder, each once. Of a folder, a run that cannot be read is left out with a
 * warning. Errors: STATUS_CONFIG if `path` is no folder; those of summary_read. */
enum status list_add(struct list *l, const char *path);

/* Sorts by the best value of a metric, best first, or by "time", "rate", "epochs", largest first, or "name". Errors:
 * STATUS_CONFIG if no run has such a metric. */
enum status list_sort(struct list *l, const char *by);

/* Finds the keys that differ, those of the model last; call it after sorting. Names, log, checkpoints and synchronisation
 * change no result and are left out. */
enum status list_compare(struct list *l);

/* The value of a key for a run; "" if that has no configuration. */
const char *list_value(const struct list *l, int64_t key, int64_t run);

void list_free(struct list *l);

#endif
