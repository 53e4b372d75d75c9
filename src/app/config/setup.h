/* setup.h - the configuration of a run, the same on every rank. Private to the app layer. */
#ifndef APP_CONFIG_SETUP_H
#define APP_CONFIG_SETUP_H

#include "app/config/settings.h"
#include "comm/comm.h"
#include "train/config.h"

/* Where the configuration of a run comes from. */
struct setup_source {
    const char *file;             /* NULL = SETUP_DEFAULT_FILE, if there is one in this folder */
    const struct settings *flags; /* assignments of the command line */
    bool allow_external;          /* sets data.allow_external, whatever a file says */
    bool quiet;                   /* does not log which configuration is used */
};

struct setup {
    struct config config;
    char *text; /* resolved, canonical */
};

/* Resolves file, environment and flags on rank 0; every rank reads the resolved text. Collective. Released
 * with setup_free, also after an error. */
enum status setup_create(struct setup *s, struct comm *comm, const struct setup_source *from);

/* Returns the configuration file that the user names or that is in this folder, or NULL. Local. */
const char *setup_file(const struct setup_source *from);

/* Resolves the configuration on this rank. If no file is named or found, `base` takes its place, a resolved
 * text that messages call `name`, or the demo if it is NULL. Local. Released with setup_free, also after an
 * error. */
enum status setup_resolve(struct setup *s, const struct setup_source *from, const char *base,
                          const char *name);

/* Returns run.name without resolving anything else; released with mem_free. Local. */
enum status setup_run_name(const struct setup_source *from, char **name);

/* Resolves the text that rank 0 has in s->text on every rank, rank 0 included. The number of virtual ranks is
 * that of rank 0's s->config if that is filled (config_settle_virtual_ranks). The other ranks pass zeros.
 * Collective. */
enum status setup_share(struct setup *s, struct comm *comm);

/* Reads the resolved text in a checkpoint, and splits the ranks into nodes accordingly. Its
 * data.allow_external does not count, only the parameter, nor its data.time_limit (setup_limit_time). Collective. */
enum status setup_from_checkpoint(struct setup *s, struct comm *comm, const char *path, bool allow_external);

/* Replaces s->text by a text with layers in place of blocks. Local. */
enum status setup_expand(struct setup *s);

/* What the flags of a command say of its data set; NULL = not given. */
struct setup_names {
    const char *x, *y, *weights, *samples, *index, *on_error;
};

/* Fills in what is not given from DDP_TRAIN_DATA_X, _Y, _WEIGHTS, _SAMPLES, _INDEX and _ON_ERROR in the environment,
 * of which empty ones do not count. Local. */
void setup_complete_names(struct setup_names *names);

/* Sets the names, so completed by rank 0, for a command that takes its configuration from a checkpoint: launchers do not
 * give every rank the same environment. Collective. Errors: STATUS_CONFIG. */
enum status setup_name_objects(struct setup *s, struct comm *comm, struct setup_names names);

/* Reads a value of a key that has choices; NULL leaves it as it is. Local. Errors: STATUS_CONFIG. */
enum status setup_read_choice(const char *key, const char *text, int *value);

/* Limits the reading of data files as DDP_TRAIN_DATA_TIME_LIMIT in the environment says: data.time_limit of commands
 * without a configuration of their own. Local. Errors: STATUS_CONFIG. */
enum status setup_limit_time(void);

/* Warns of each variable DDP_TRAIN_... in the environment that such a command does not use: of all but these and
 * DDP_TRAIN_BIN, which names the program. Local. */
void setup_warn_unused(const char *command);

/* Keeps what is found in data sets of many files for the next run, in the folder data-index `levels` above a path:
 * beside the run directories. Local. */
enum status setup_keep_index(struct setup *s, const char *path, int levels);

void setup_free(struct setup *s);

/* demo_config.c: the configuration of the built-in demo, as `ddp_train init` writes it. */
extern const char demo_config[];
#define SETUP_DEFAULT_FILE "ddp_train.yaml"

#endif
