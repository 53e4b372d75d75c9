/* start.c - chooses the run directory and the checkpoint that a training starts from. */
#include "app/rundir/start.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/rundir/journal.h"
#include "core/log.h"
#include "core/mem.h"
#include "app/config/options.h"

/* What rank 0 works on. */
struct choice {
    struct start *s;
    struct setup *setup;
    const struct start_options *options;
    const struct setup_source *source;
    int ranks;
};

static bool start_is_folder(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

static bool start_is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}

static enum status start_resolve(const struct choice *c)
{
    const struct saved *from = &c->s->saved;
    setup_free(c->setup);
    return setup_resolve(c->setup, c->source, from->config_text, from->path);
}

/* Chooses a new run, in the folder that the user names or one that is named after time and job. */
static enum status start_choose_new(const struct choice *c)
{
    const char *wanted = c->options->output;
    if (!c->setup->text) TRY(start_resolve(c));
    if (!wanted) return rundir_name(&c->s->folder, c->setup->config.run_name);
    if (!*wanted) return status_fail(STATUS_CONFIG, "-o: the name of the run directory is empty");
    bool empty;
    TRY(rundir_is_empty(wanted, &empty));
    if (!empty && !c->options->overwrite)
        return status_fail(
            STATUS_CONFIG,
            "%s: is not empty; continue its run with --resume auto, choose another folder with -o, or "
            "replace the run "
            "with --overwrite",
            wanted);
    if (!empty) TRY(lock_take(&c->s->lock, wanted, LOCK_SECONDS));
    c->s->clear = !empty;
    return mem_copy_text(&c->s->folder, wanted);
}

/* Finds the newest checkpoint of a run directory under its lock; a job that is being killed may hold the lock
 * for a moment. */
static enum status start_find_newest(struct lock *lock, struct saved *newest, const char *folder)
{
    char checkpoints[RUNDIR_PATH_SIZE];
    TRY(rundir_file(folder, "checkpoints", checkpoints));
    TRY(lock_take(lock, folder, LOCK_SECONDS));
    return saved_find(newest, checkpoints);
}

/* Restarts a run that ended before its first checkpoint. A complete run whose checkpoints are missing is
 * refused: it would lose its other files. */
static enum status start_restart(struct start *s, const char *folder)
{
    char metrics[RUNDIR_PATH_SIZE];
    TRY(rundir_file(folder, "metrics.jsonl", metrics));
    if (journal_is_done(metrics))
        return status_fail(
            STATUS_CONFIG,
            "%s: holds a complete run, but no checkpoint to continue from; replace it with --overwrite, or "
            "choose another "
            "folder with -o",
            folder);
    s->clear = true;
    return mem_copy_text(&s->folder, folder);
}

static enum status start_resume(struct start *s, const char *folder)
{
    s->resumes = *s->saved.path;
    return s->resumes ? mem_copy_text(&s->folder, folder) : start_restart(s, folder);
}

/* Handles --resume auto -o DIR. */
static enum status start_choose_in(const struct choice *c, const char *folder)
{
    bool empty;
    if (!*folder) return status_fail(STATUS_CONFIG, "-o: the name of the run directory is empty");
    TRY(rundir_is_empty(folder, &empty));
    if (empty) return mem_copy_text(&c->s->folder, folder);
    const char *foreign = rundir_find_foreign_file(folder);
    if (foreign)
        return status_fail(
            STATUS_CONFIG,
            "%s: is not a run directory, but has a file %s that a run would replace; choose another folder "
            "with -o, or "
            "replace it with --overwrite",
            folder, foreign);
    TRY(start_find_newest(&c->s->lock, &c->s->saved, folder));
    return start_resume(c->s, folder);
}

/* Chooses a run if it is neither complete nor running. */
static enum status start_try_run(void *self, const char *folder, bool *stop)
{
    const struct choice *c = self;
    struct start *s = c->s;
    char metrics[RUNDIR_PATH_SIZE];
    TRY(rundir_file(folder, "metrics.jsonl", metrics));
    enum status status = start_find_newest(&s->lock, &s->saved, folder);
    if (status == STATUS_OTHER && !s->lock.held) { /* in use, or not writable */
        log_info("%s; trying the next run", status_text());
        return STATUS_OK;
    }
    TRY(status);
    TRY(start_resolve(c));
    bool complete =
        *s->saved.path ? trainer_is_finished(&s->saved.point, &c->setup->config) : journal_is_done(metrics);
    *stop = !complete;
    if (*stop) return start_resume(s, folder);
    lock_release(&s->lock);
    saved_free(&s->saved);
    setup_free(c->setup);
    return STATUS_OK;
}

/* Handles --resume auto. */
static enum status start_choose_auto(const struct choice *c)
{
    char *name = NULL;
    if (c->options->output) return start_choose_in(c, c->options->output);
    TRY(setup_run_name(c->source, &name));
    enum status status = rundir_each(name, start_try_run, (void *)c);
    mem_free(&name);
    return status == STATUS_OK && !c->s->folder ? start_choose_new(c) : status;
}

/* Finds DIR of DIR/checkpoints/FILE; false if the file is elsewhere. */
static bool start_find_folder(const char *file, char folder[RUNDIR_PATH_SIZE])
{
    char *whole = realpath(file, NULL);
    bool found = whole && strlen(whole) < RUNDIR_PATH_SIZE;
    if (found) snprintf(folder, RUNDIR_PATH_SIZE, "%s", dirname(whole));
    free(whole);
    char *last = found ? strrchr(folder, '/') : NULL;
    if (!last || strcmp(last, "/checkpoints") != 0) return false;
    *last = '\0';
    return *folder != '\0';
}

/* Continues in the run directory of s->saved, if that has no newer checkpoint. */
static enum status start_choose_own(struct start *s, const char *folder)
{
    struct saved newest = {.config_text = NULL};
    enum status status = start_find_newest(&s->lock, &newest, folder);
    if (status == STATUS_OK && newest.point.step > s->saved.point.step)
        status = status_fail(
            STATUS_CONFIG,
            "%s: is not the newest checkpoint of its run, which is %s; continue from that one with --resume "
            "auto -o %s, or "
            "start another run from this one with -o NEWDIR",
            s->saved.path, newest.path, folder);
    saved_free(&newest);
    s->resumes = true;
    return status == STATUS_OK ? mem_copy_text(&s->folder, folder) : status;
}

static enum status start_refuse_overwrite(const struct start_options *o, const char *folder)
{
    if (!o->overwrite) return STATUS_OK;
    return status_fail(
        STATUS_CONFIG,
        "--overwrite: would delete the run in %s that is to be continued; leave it out, or choose another "
        "folder with -o",
        folder);
}

/* Handles --resume DIR. */
static enum status start_choose_folder(const struct choice *c, const char *folder)
{
    struct start *s = c->s;
    char checkpoints[RUNDIR_PATH_SIZE];
    bool here = !c->options->output || start_is_same_file(c->options->output, folder);
    if (here) TRY(start_refuse_overwrite(c->options, folder));
    TRY(rundir_file(folder, "checkpoints", checkpoints));
    TRY(here ? start_find_newest(&s->lock, &s->saved, folder) : saved_find(&s->saved, checkpoints));
    if (!*s->saved.path)
        return status_fail(STATUS_DATA, "%s: has no checkpoint to continue from (there is none in %s)",
                           folder, checkpoints);
    return here ? start_resume(s, folder) : start_choose_new(c);
}

/* Handles --resume PATH. */
static enum status start_choose_path(const struct choice *c, const char *path)
{
    char folder[RUNDIR_PATH_SIZE];
    if (start_is_folder(path)) return start_choose_folder(c, path);
    TRY(saved_read(&c->s->saved, path));
    bool inside = start_find_folder(path, folder);
    if (!inside || (c->options->output && !start_is_same_file(c->options->output, folder)))
        return start_choose_new(c);
    TRY(start_refuse_overwrite(c->options, folder));
    return start_choose_own(c->s, folder);
}

static enum status start_check_options(const struct start_options *o)
{
    bool never = !o->resume || strcmp(o->resume, "never") == 0,
         automatic = !never && strcmp(o->resume, "auto") == 0;
    if (o->resume && !*o->resume)
        return status_fail(STATUS_CONFIG, "--resume: expects auto, never or a path");
    if (never && o->resume_override)
        return status_fail(STATUS_CONFIG, "--resume-override needs --resume auto or --resume PATH");
    if (automatic && o->overwrite)
        return status_fail(STATUS_CONFIG, "--resume auto and --overwrite: use only one of them");
    if (!never && !automatic && o->init_from)
        return status_fail(
            STATUS_CONFIG,
            "--init-from and --resume PATH: use only one of them; the first starts a new run, the "
            "second continues a run");
    return STATUS_OK;
}

static enum status choose(const struct choice *c)
{
    const char *resume = c->options->resume ? c->options->resume : "never";
    TRY(start_check_options(c->options));
    if (strcmp(resume, "never") == 0) return start_choose_new(c);
    return strcmp(resume, "auto") == 0 ? start_choose_auto(c) : start_choose_path(c, resume);
}

/* Returns whether a resumed run was killed between its last checkpoint and the last line of its metrics. */
static bool start_lacks_end(const struct start *s)
{
    char metrics[RUNDIR_PATH_SIZE];
    if (!s->resumes) return false;
    if (rundir_file(s->folder, "metrics.jsonl", metrics) != STATUS_OK || access(metrics, F_OK) != 0)
        return false;
    return !journal_is_done(metrics);
}

/* Finds whether the run is complete, and logs it. Fewer epochs than have begun would end in the middle of
 * one. */
static enum status start_find_complete(struct start *s, const struct config *config)
{
    struct trainer_point *p = &s->saved.point;
    p->stopped = p->stopped && !(s->changes & TRAINER_NEW_STOP); /* by another metric */
    if (p->position > 0 && p->epoch >= config->epochs)
        return status_fail(STATUS_CONFIG,
                           "%s: is in the middle of epoch %lld; set train.epochs to at least that",
                           s->saved.path, (long long)p->epoch + 1);
    s->complete = trainer_is_finished(p, config) && !start_lacks_end(s);
    if (!s->complete) return STATUS_OK;
    log_info("%s: already complete: %s after epoch %lld, step %lld", s->saved.path,
             p->stopped ? "it stopped early" : "it ended", (long long)p->epoch, (long long)p->step);
    return STATUS_OK;
}

/* Decides on rank 0 which run, and with which configuration. */
static enum status start_decide_run(const struct choice *c)
{
    struct start *s = c->s;
    TRY(choose(c));
    if (!c->setup->text) TRY(start_resolve(c));
    TRY(mem_copy_text(&s->from, s->saved.path));
    if (!*s->from) return STATUS_OK;
    enum status status = start_compare(s, c->setup, c->options->resume_override);
    if (!s->resumes) s->changes |= TRAINER_NEW_BEST; /* best.h5 stays in the old run */
    if (status != STATUS_OK && setup_file(c->source)) return status_at(status, "%s", setup_file(c->source));
    TRY(status);
    return start_find_complete(s, &c->setup->config);
}

/* Decides on rank 0. */
static enum status start_decide(const struct choice *c)
{
    TRY(start_decide_run(c));
    if (c->s->complete) return STATUS_OK;
    bool fixed = *c->s->from && !c->options->resume_override;
    enum status status = config_settle_virtual_ranks(&c->setup->config, c->ranks, fixed);
    return status == STATUS_OK || !fixed ? status : status_at(status, "%s", c->s->saved.path);
}

enum status start_choose(struct start *s, struct setup *setup, struct comm *comm,
                         const struct start_options *options, const struct setup_source *source)
{
    *s = (struct start){0};
    *setup = (struct setup){0};
    const struct choice choice = {s, setup, options, source, comm_size(comm)};
    enum status status = comm_rank(comm) == 0 ? start_decide(&choice) : STATUS_OK;
    TRY(comm_agree(comm, status));
    TRY(comm_share_text(comm, &s->folder));
    TRY(comm_share_text(comm, &s->from));
    comm_share_bytes(comm, &s->complete, sizeof s->complete);
    TRY(setup_share(setup, comm));
    return STATUS_OK;
}

void start_free(struct start *s)
{
    lock_release(&s->lock);
    saved_free(&s->saved);
    mem_free(&s->folder);
    mem_free(&s->from);
    free(s->weights);
}

enum status start_enter(struct start *s, const char *config_text)
{
    TRY(rundir_make(s->folder));
    if (!s->lock.held) {
        bool empty;
        TRY(lock_take(&s->lock, s->folder, 0));
        TRY(rundir_is_empty(s->folder, &empty));
        if (!empty)
            return status_fail(STATUS_OTHER,
                               "%s: another run has started in it; choose another folder with -o", s->folder);
    }
    if (s->clear) TRY(rundir_clear(s->folder));
    return rundir_begin(s->folder, config_text);
}
