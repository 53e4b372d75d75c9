/* option_table.h - every key of the configuration. Private to the files that read, write and explain keys.
 *
 * Local functions; the tables are constant. */
#ifndef APP_CONFIG_OPTION_TABLE_H
#define APP_CONFIG_OPTION_TABLE_H

#include <stddef.h>
#include <stdio.h>

#include "train/config.h"

enum option_kind {
    OPTION_INT,      /* int64_t */
    OPTION_REAL,     /* double */
    OPTION_BOOL,     /* bool */
    OPTION_TEXT,     /* char *, one of `choices` if there are any */
    OPTION_LOCATOR,  /* char *, of a list one line for each locator */
    OPTION_CHOICE,   /* int: position in `choices` */
    OPTION_INPUT,    /* struct model_spec: its input shape */
    OPTION_INIT,     /* struct model_spec: how weights start; with `max` 1: biases */
    OPTION_BLOCKS,   /* blocks of layers, for OPTION_LAYERS */
    OPTION_LAYERS,   /* struct model_spec: its layers */
    OPTION_PATTERNS, /* struct patterns */
    OPTION_GROUPS,   /* struct config_groups */
    OPTION_STEPS,    /* struct data_steps, of `kinds` */
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

/* An entry of a registry: a loss, an optimizer, a schedule or a layer. */
struct family_entry {
    const char *name, *help;
    const struct arg *args;
    const void *ops;
    enum status (*check)(const double *args); /* fails if the arguments contradict each other; may be NULL */
    const char *const *aliases;               /* ended by NULL, or NULL */
};

/* A section whose keys are `name` and the arguments of the registry entry of that name. */
struct family {
    const char *section;
    const char *default_name;                           /* of an entry */
    size_t ops_offset, args_offset;                     /* in struct config */
    bool (*entry)(int index, struct family_entry *out); /* false after the last one */
};

/* Returns the families, ended by a NULL section; one by section, or NULL; an entry by name, false if there is
 * none. */
const struct family *family_table(void);
const struct family *family_find(const char *section, size_t length);
bool family_entry_find(const struct family *f, const char *name, struct family_entry *out);

/* Returns the entry that a configuration has chosen. */
struct family_entry family_chosen(const struct family *f, const struct config *config);

static inline const struct arg_values *family_values(const struct family *f, const struct config *config)
{
    return (const struct arg_values *)((const char *)config + f->args_offset);
}

struct setting;
struct yaml_node;

/* Read and write one value of a table of arguments. `at` is the node that a message is about. */
enum status option_read_value(const struct arg *arg, const struct yaml_node *node, struct arg_values *values,
                              int index, const struct yaml_node **at);
void option_write_value(FILE *out, const struct arg *arg, const struct arg_values *values, int index);

/* option_loss.c: read and write a list of losses, `before` in front of each. Errors: STATUS_CONFIG, with the
 * place. */
enum status option_read_losses(const struct setting *setting, struct loss_list *list);
void option_write_losses(FILE *out, const struct loss_list *list, const char *before);

/* option_model.c: read the options of the section model. Errors: STATUS_CONFIG, with the place. */
enum status option_read_input(const struct setting *setting, const struct yaml_node *node,
                              struct model_spec *model);
enum status option_read_init(const struct setting *setting, bool of_biases, struct model_spec *model);
enum status option_check_blocks(const struct setting *setting);
enum status option_read_layers(const struct setting *setting, const struct setting *blocks,
                               struct model_spec *model, bool *uses_blocks);

/* option_value.c, too: reads a locator or a list of locators into a text with a line for each. Errors: STATUS_CONFIG,
 * without the place. Writes it back. */
enum status option_read_locator(const struct yaml_node *node, char **text);
void option_write_locator(FILE *out, const char *text);

/* option_patterns.c: read and write lists of patterns of names, and of groups of parameters. Errors:
 * STATUS_CONFIG, with the place. */
enum status option_read_patterns(const struct setting *setting, const struct yaml_node *node,
                                 struct patterns *patterns);
enum status option_read_groups(const struct setting *setting, const struct yaml_node *node,
                               struct config_groups *groups);

/* option_steps.c: read and write a list of steps of data, and free what it holds. Errors: STATUS_CONFIG, with the
 * place. */
enum status option_read_steps(const struct option *o, const struct setting *setting,
                              struct data_steps *steps);
void option_write_steps(FILE *out, const struct data_steps *steps);
void option_free_steps(struct data_steps *steps);
void option_write_patterns(FILE *out, const struct patterns *patterns);
void option_write_groups(FILE *out, const struct config_groups *groups);

#endif
