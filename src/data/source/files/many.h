/* many.h - many files as one source, one behind the other: private to this folder. Local functions. */
#ifndef DATA_SOURCE_FILES_MANY_H
#define DATA_SOURCE_FILES_MANY_H

#include "data/source/files/locators.h"
#include "data/source/files/record.h"
#include "data/source/ops.h"
#include "io/h5/h5.h"

#define OPEN_MAX_FILES 8 /* at the same time */

struct many_file {
    const char *locator;
    int64_t end;            /* number of the first sample behind it */
    int64_t bytes, changed; /* when it was found */
};

struct many_open {
    int64_t file;
    struct source *source; /* NULL = the place is free */
    uint64_t used;         /* the last use */
    bool checked;          /* is what was noted of it */
    bool read;             /* since its state was last compared */
};

struct many {
    struct locators locators;
    struct many_file *files;
    int64_t file_count;            /* of `files`: those that can be read */
    struct source_options options; /* of each file */
    char *names[3];                /* x, y, weights */
    struct h5 *pool;
    struct many_open open[OPEN_MAX_FILES];
    uint64_t uses;
    struct record first; /* of the first file, with what all have in common */
    char *text;          /* source_found */
    const char **class_names;
    char title[LOCATORS_TITLE], where[2 * LOCATORS_TITLE + 256];
    char object[256]; /* name of the labels */
};

/* open.c: opens a file, which takes the place of the one that was used least recently. Errors: those of source_open. */
enum status many_open_file(struct many *m, int64_t file, struct many_open **out);
void many_close_files(struct many *m);

/* open.c: whether a file has changed while its samples were read. Errors: STATUS_DATA with what has changed. */
enum status many_check_read(const struct many *m, struct many_open *o);

/* look.c: finds the files of a locator, and what is in each, at those only once that have not changed since; or takes
 * over what another process has found (source_found). Errors: STATUS_DATA for a file that cannot be read (unless
 * options->skip, which leaves it out if it does not end the process that reads it) or does not go with the first one; STATUS_OTHER, memory. */
enum status many_look(struct many *m, const char *locator, const struct source_options *options);
enum status many_take_found(struct many *m, const char *text);

#endif
