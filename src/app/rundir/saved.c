/* saved.c - finds and reads the newest valid checkpoint of a folder. */
#include "app/rundir/saved.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "train/checkpoint/checkpoint.h"
#include "core/log.h"
#include "core/mem.h"
#include "app/config/options.h"

static enum status saved_parse_config(const char *text, const char *path, struct config *config)
{
    struct settings settings = {0};
    enum status status = settings_add_text(&settings, text, path);
    if (status == STATUS_OK) status = options_resolve(&settings, config);
    settings_free(&settings);
    return status;
}

static enum status saved_read_open(struct saved *s, struct h5 *f)
{
    TRY(checkpoint_config(f, &s->config_text));
    enum status status = saved_parse_config(s->config_text, s->path, &s->config);
    if (status == STATUS_OK) {
        status = trainer_peek(f, &s->config, &s->point);
        if (status != STATUS_OK) status = status_at(status, "%s", s->path);
    } else if (status == STATUS_CONFIG) {
        status = status_at(STATUS_DATA, "its configuration is not valid");
    }
    return status;
}

/* Reads the file; opening it verifies every byte. */
static enum status saved_read_file(struct saved *s)
{
    struct h5 *f = NULL;
    int64_t label;
    TRY(checkpoint_step(s->path, &label));
    TRY(checkpoint_open(&f, s->path));
    enum status status = saved_read_open(s, f);
    h5_close(&f);
    TRY(status);
    if (label == s->point.step) return STATUS_OK;
    return status_fail(STATUS_DATA, "%s: is damaged: it holds step %lld, but its first line says %lld",
                       s->path, (long long)s->point.step, (long long)label);
}

enum status saved_read(struct saved *s, const char *path)
{
    *s = (struct saved){.config_text = NULL};
    if (snprintf(s->path, sizeof s->path, "%s", path) >= (int)sizeof s->path)
        return status_fail(STATUS_CONFIG, "%s: the path is too long", path);
    enum status status = saved_read_file(s);
    if (status != STATUS_OK) saved_free(s);
    return status;
}

void saved_free(struct saved *s)
{
    mem_free(&s->config_text);
    options_free(&s->config);
    s->path[0] = '\0';
}

/* A file that may be a checkpoint. */
struct candidate {
    char name[CHECKPOINT_NAME_SIZE];
    int64_t step; /* the larger of name and first line, as one of them may be damaged */
    enum checkpoint_kind kind;
    dev_t device;
    ino_t file;
};

static bool saved_is_candidate(const char *name, struct candidate *c)
{
    *c = (struct candidate){.step = -1};
    c->kind = checkpoint_kind(name, &c->step);
    if (c->kind == CHECKPOINT_OTHER) return false;
    checkpoint_name(c->name, c->kind, c->step);
    return true;
}

/* Finds the step of a candidate. If damage hides it, the candidate counts as the newest. */
static enum status saved_rate(struct candidate *c, const char *folder)
{
    char path[RUNDIR_PATH_SIZE];
    struct stat facts;
    int64_t label;
    TRY(rundir_file(folder, c->name, path));
    if (stat(path, &facts) == 0) {
        c->device = facts.st_dev;
        c->file = facts.st_ino;
    }
    if (checkpoint_step(path, &label) == STATUS_OK)
        c->step = label > c->step ? label : c->step;
    else if (c->step < 0)
        c->step = INT64_MAX;
    return STATUS_OK;
}

static int saved_newest_first(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->step != y->step) return x->step < y->step ? 1 : -1;
    return (int)x->kind - (int)y->kind;
}

/* Lists the candidates in two passes, of which the first counts. A folder that does not exist has none. */
static enum status saved_list(const char *folder, struct candidate **out, int64_t *count)
{
    *out = NULL;
    *count = 0;
    DIR *files = opendir(folder);
    if (!files && errno == ENOENT) return STATUS_OK;
    if (!files) return status_fail(STATUS_OTHER, "%s: cannot be read: %s", folder, strerror(errno));
    struct candidate c;
    int64_t room = 0;
    for (struct dirent *entry = readdir(files); entry; entry = readdir(files))
        room += saved_is_candidate(entry->d_name, &c);
    enum status status = mem_alloc(out, (size_t)room, sizeof **out, "list of checkpoints");
    rewinddir(files);
    struct dirent *entry = readdir(files);
    for (; entry && *count < room && status == STATUS_OK; entry = readdir(files)) {
        if (!saved_is_candidate(entry->d_name, &c)) continue;
        status = saved_rate(&c, folder);
        (*out)[(*count)++] = c;
    }
    closedir(files);
    if (status != STATUS_OK) mem_free(out);
    if (*out) qsort(*out, (size_t)*count, sizeof **out, saved_newest_first);
    return status;
}

static bool saved_is_seen(const struct candidate *list, int64_t index)
{
    for (int64_t i = 0; i < index; i++)
        if (list[i].file == list[index].file && list[i].device == list[index].device) return true;
    return false;
}

static enum status saved_find_first(struct saved *s, const char *folder, const struct candidate *list,
                                    int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        char path[RUNDIR_PATH_SIZE];
        if (saved_is_seen(list, i)) continue;
        TRY(rundir_file(folder, list[i].name, path));
        enum status status = saved_read(s, path);
        if (status != STATUS_DATA) return status;
        log_warn("%s", status_text());
    }
    if (count == 0) return STATUS_OK;
    return status_fail(
        STATUS_DATA,
        "%s: none of its checkpoints can be read; restore one, start with the weights of another run "
        "(--init-from), "
        "or start again with --overwrite or in another folder",
        folder);
}

enum status saved_find(struct saved *s, const char *folder)
{
    struct candidate *candidates;
    int64_t count;
    *s = (struct saved){.config_text = NULL};
    TRY(saved_list(folder, &candidates, &count));
    enum status status = saved_find_first(s, folder, candidates, count);
    mem_free(&candidates);
    return status;
}
