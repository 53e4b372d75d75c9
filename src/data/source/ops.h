/* ops.h - what a kind of source is: one file with a constant table, one line in list.h. */
#ifndef DATA_SOURCE_OPS_H
#define DATA_SOURCE_OPS_H

#include "data/source/range.h"
#include "data/source/source.h"

#define SOURCE_NAME_SIZE 4096

struct source;
struct csv_labels;

struct source_ops {
    const char *prefix; /* of locators, such as "demo:"; "" = a file, the last of the registry */

    /* Whether it takes a locator with that prefix, where others take the same ones; NULL = all. */
    bool (*takes)(const char *locator, const struct source_options *options);

    /* Fills s->info, of all samples, and s->self; on failure source_close cleans up what was made. `rest`
     * is the locator without prefix and range; names are NULL where none is given. Only sources that have
     * weights look at their name. */
    enum status (*open)(struct source *s, const char *rest, const struct source_options *names);
    enum status (*read)(struct source *s, struct range part, const struct source_rows *rows);
    enum status (*read_attribute)(struct source *s, const char *name, int64_t count, double *values,
                                  int64_t *found); /* source_read_attribute; NULL for sources without any */
    enum status (*check)(const struct source *s);  /* source_check; NULL for sources without a file */
    void (*close)(struct source *s);               /* may be NULL */

    /* Sources of many files: the file of sample `number`, which becomes the number in that file, and its labels as
     * "FILE: OBJECT"; and source_found. NULL for others. */
    const char *(*find_place)(const struct source *s, int64_t *number);
    const char *(*found)(const struct source *s);

    /* The path of sample `number`, of a source whose samples are files or objects: "/data/a.h5" or "/data/a.h5/g/x".
     * NULL for others. */
    enum status (*name)(struct source *s, int64_t number, char name[SOURCE_NAME_SIZE]);
};

struct source {
    const struct source_ops *ops;
    struct source_info info;
    struct range range;       /* of the samples that `ops` numbers */
    int64_t shift;            /* from a sample to its labels, in samples of the range */
    char *locator;            /* without the range */
    struct csv_labels *index; /* has the labels; or NULL */
    void *self;
};

/* source.c: reads samples first, first + step, ... of the source. */
enum status source_read_every(struct source *s, int64_t first, int64_t step, int64_t count,
                              const struct source_rows *rows);

/* generated.c: describes labels made on the fly, integers or real numbers, with the axes dims [rank]. */
void source_describe_labels(struct source *s, bool integers, int rank, const int64_t *dims);

/* Ended by NULL. */
const struct source_ops *const *source_registry(void);

#endif
