/* family.h - the sections of the configuration whose keys depend on a name: loss, optim and schedule.
 *
 * Local functions; the table is constant. */
#ifndef APP_CONFIG_FAMILY_H
#define APP_CONFIG_FAMILY_H

#include <stddef.h>

#include "train/config.h"

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

#endif
