/* start.h - where a training starts: in which run directory, new or from which checkpoint, and with which
 * configuration.
 *
 * Rank 0 decides before data are read, and shares the decision. Private to the app layer. */
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
    const char *init_from; /* a checkpoint, or weights of another program */
    bool overwrite, resume_override;
};

struct start {
    char *folder;     /* the run directory */
    char *from;       /* the checkpoint, or "" */
    bool resumes;     /* continues the files in the folder of `from` */
    bool clear;       /* replaces an earlier run in the folder */
    bool complete;    /* nothing is left to do, which has been logged */
    unsigned changes; /* enum trainer_change */

    struct machines machines;   /* filled in by the caller */
    struct trainer_point point; /* where it continues; filled in by the caller */
    char *weights; /* rank 0: list of tensors that --init-from loaded or not, or NULL; of malloc */

    struct saved saved; /* rank 0: contents of `from` */
    struct lock lock;   /* rank 0: of a folder that existed; start_enter locks a new one */
};

/* Decides, and resolves the configuration into *setup; without a file it is the checkpoint's. Collective.
 * Both are released by the caller, also after an error. */
enum status start_choose(struct start *s, struct setup *setup, struct comm *comm,
                         const struct start_options *options, const struct setup_source *source);
void start_free(struct start *s);

/* Rank 0 (start_changes.c): compares the configuration with the checkpoint's, and takes its number of virtual
 * ranks (not into the text). Errors: STATUS_CONFIG with the list of differences that would change the
 * results; with `override` a warning. */
enum status start_compare(struct start *s, struct setup *setup, bool override);

/* Rank 0: logs whether the learning rates of the remaining steps depend on a changed number of epochs. */
void start_report_epochs(const struct start *s, const struct config *config, const struct trainer_info *info);

/* Rank 0: creates and locks the folder. Errors: STATUS_OTHER, also if another run has started in it. */
enum status start_enter(struct start *s, const char *config_text);

#endif
