/* source_ops.h - what a kind of source is: one file with a constant table, one line in source_list.h. */
#ifndef DDP_DATA_SOURCE_OPS_H
#define DDP_DATA_SOURCE_OPS_H

#include "ddp/source.h"

struct source;

struct source_ops {
    const char *prefix; /* of locators, such as "demo:"; "" = a file, the last of the registry */

    /* Fills s->info and s->self; on failure source_close cleans up what was made. `rest` is the locator
     * without the prefix; x and y are object names or NULL. */
    enum status (*open)(struct source *s, const char *rest, const char *x, const char *y);
    enum status (*read)(struct source *s, int64_t first, int64_t count, void *features, int32_t *labels);
    void (*close)(struct source *s); /* may be NULL */
};

struct source {
    const struct source_ops *ops;
    struct source_info info;
    char *locator;
    void *self;
};

/* Ended by NULL. */
const struct source_ops *const *source_registry(void);

#endif
