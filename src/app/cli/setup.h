/* setup.h - the configuration of a run, the same on every rank. Private to the app layer. */
#ifndef APP_CLI_SETUP_H
#define APP_CLI_SETUP_H

#include "app/cli/command.h"
#include "train/config.h"

struct setup {
    struct config config;
    char *text; /* resolved, canonical */
};

/* Rank 0 resolves file, environment and flags; every rank reads the resolved text. Collective. Release with setup_free, also
 * after an error. */
enum status setup_create(struct setup *s, struct comm *comm, const struct arguments *a);

/* The configuration file that the user names or that is found in this folder, or NULL. Local. */
const char *setup_file(const struct arguments *a);

/* Rank 0's part of it: fills in s, which then belongs to this rank only. Where no file is named or found, `base` takes its place,
 * a resolved text called `name`, or if it is NULL the demo. Local. Released with setup_free, also after an error. */
enum status setup_resolve(struct setup *s, const struct arguments *a, const char *base, const char *name);

/* run.name, before all else is resolved; released with mem_free. Local. */
enum status setup_run_name(const struct arguments *a, char **name);

/* From a resolved text that rank 0 has in s->text, NULL on the others. Collective. */
enum status setup_share(struct setup *s, struct comm *comm);

/* From the resolved text in a checkpoint; cuts the ranks into nodes as it says. Collective. */
enum status setup_from_checkpoint(struct setup *s, struct comm *comm, const char *path);

/* Rank 0 prints the resolved text. Collective. */
enum status setup_print(const struct setup *s, struct comm *comm);

void setup_free(struct setup *s);

/* demo_config.c: the configuration of the built-in demo, as `ddp_train init` writes it. */
extern const char demo_config[];
#define SETUP_DEFAULT_FILE "ddp_train.yaml"

#endif
