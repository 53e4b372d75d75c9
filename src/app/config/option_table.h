/* option_table.h - every key of the configuration. Private to the files that read, write and explain keys.
 *
 * Local functions; the tables are constant. */
#ifndef APP_CONFIG_OPTION_TABLE_H
#define APP_CONFIG_OPTION_TABLE_H

#include <stddef.h>

#include "train/config.h"

enum option_kind {
    OPTION_INT,       /* int64_t */
    OPTION_REAL,      /* double */
    OPTION_BOOL,      /* bool */
    OPTION_TEXT,      /* char *, one of `choices` if there are any */
    OPTION_LOCATOR,   /* char *, of a list one line for each locator */
    OPTION_CHOICE,    /* int: position in `choices` */
    OPTION_INPUT,     /* struct model_spec: its input shape */
    OPTION_INIT,      /* struct model_spec: how weights start; with `max` 1: biases */
    OPTION_BLOCKS,    /* blocks of layers, for OPTION_LAYERS */
    OPTION_LAYERS,    /* struct model_spec: its layers */
    OPTION_PATTERNS,  /* struct patterns */
    OPTION_GROUPS,    /* struct config_groups */
    OPTION_STEPS,     /* struct data_steps, of `kinds` */
    OPTION_LABEL_MAP, /* struct label_map */
};

struct option {
    const char *key; /* "section.name" */
    enum option_kind kind;
    size_t offset;            /* in struct config */
    const char *default_text; /* NULL = required */
    double min, max;          /* OPTION_INT, OPTION_REAL */
    const char *const *choices;
    const char *help;
    const struct data_kind *(*kinds)(int index); /* OPTION_STEPS; NULL after the last one */
    bool may_change; /* may differ when a run is resumed: it does not change what the run computes */
};

/* Returns the options in the order of the resolved text, ended by a NULL key; and one by key, or NULL. */
const struct option *option_table(void);
const struct option *option_find(const char *key);

/* Returns the sections in the order of the resolved text, ended by NULL. */
const char *const *option_sections(void);

#endif
