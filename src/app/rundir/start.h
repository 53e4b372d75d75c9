/* start.h - where a training begins: in which run directory, anew or from which checkpoint, and with which
 * configuration.
 *
 * Rank 0 looks and decides, before data are read; the others are told. Private to the app layer. */
#ifndef APP_RUNDIR_START_H
#define APP_RUNDIR_START_H

#include "app/rundir/lock.h"
#include "app/rundir/machines.h"
#include "app/rundir/saved.h"
#include "app/config/setup.h"

/* What the user asks for; NULL if not given. */
struct start_options {
    const char *output;    /* the run directory */
    const char *resume;    /* auto, never, or the path of a checkpoint or a run directory */
    const char *init_from; /* a checkpoint */
    bool overwrite, resume_override;
};

struct start {
    char *folder;     /* the run directory */
    char *from;       /* the checkpoint, or "" */
    bool goes_on;     /* in the folder that `from` is in: its files are continued */
    bool clear;       /* an earlier run in the folder is replaced */
    bool complete;    /* there is nothing left to do; everything has been said */
    unsigned changes; /* enum trainer_change */

    struct machines machines;   /* filled in by the caller */
    struct trainer_point point; /* where it goes on; filled in by the caller */
    char *weights;              /* rank 0: what became of each weight with --init-from, or NULL; of malloc */

    struct saved saved; /* rank 0: what `from` holds */
    struct lock lock;   /* rank 0: of a folder that was there; start_enter takes that of a new one */
};

/* Decides, and resolves the configuration into *setup: that of the checkpoint where the user names none.
 * Collective. Both are to be released, also after an error. */
enum status start_choose(struct start *s, struct setup *setup, struct comm *comm,
                         const struct start_options *options, const struct setup_source *source);
void start_free(struct start *s);

/* start_changes.c, rank 0. What the configuration has otherwise than the checkpoint's; V is taken from
 * there, though not into the text. Errors: STATUS_CONFIG with the list of what would change the results,
 * unless `override`: a warning then. */
enum status start_compare(struct start *s, struct setup *setup, bool override);

/* The same: says so if the rates of the steps ahead depend on a changed number of epochs. */
void start_tell_epochs(const struct start *s, const struct config *config, const struct trainer_info *info);

/* Rank 0: makes the folder, and sees to it that it still is as it was and that nobody else works in it. */
enum status start_enter(struct start *s, const char *config_text);

#endif
