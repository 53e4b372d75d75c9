/* scene.h - what the tests of the saver share: a run that need not step, its checkpoints, and what is to be
 * seen of them. */
#ifndef TESTS_TRAIN_SCENE_H
#define TESTS_TRAIN_SCENE_H

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "core/log.h"
#include "core/mem.h"
#include "train/checkpoint/private.h"
#include "train/configuration.h"
#include "folder.h"
#include "train/saver/saver.h"
#include "train/trainer/private.h"

#define PATH_SIZE 256
#define LIST_SIZE 512

/* Everything a test needs: a trainer that need not step, its saver, a folder, and what was logged. */
struct scene {
    struct comm *comm;
    struct config config;
    struct trainer *t;
    struct saver *saver;
    char root[FOLDER_SIZE], folder[PATH_SIZE], log[PATH_SIZE];
};

/* Metrics are on the disk before a checkpoint that knows of them. */
static int marks, settled;

static inline int64_t on_mark(void *self)
{
    (void)self;
    return 100 + ++marks;
}

static inline void on_settle(void *self)
{
    (void)self;
    settled = marks;
}

static const struct observer observer = {.mark = on_mark, .settle = on_settle};

static inline bool is_root(const struct scene *s)
{
    return comm_rank(s->comm) == 0;
}

static inline void open_scene(struct scene *s, struct comm *comm)
{
    *s = (struct scene){.comm = comm, .config = configuration(SYNC_TREE)};
    s->config.optim = optim_find("adam");
    arg_values_defaults(s->config.optim->args, &s->config.optim_args);
    s->config.checkpoint_keep = 2;
    folder_make(comm, s->root);
    snprintf(s->folder, sizeof s->folder, "%s/checkpoints", s->root);
    snprintf(s->log, sizeof s->log, "%s/log.txt", s->root);
    if (is_root(s)) CHECK_STATUS(log_open(s->log), STATUS_OK);
    CHECK_STATUS(trainer_create(&s->t, comm, &s->config, "text"), STATUS_OK);
    s->t->observer = &observer;
    CHECK_STATUS(saver_create(&s->saver, s->t, s->folder), STATUS_OK);
}

static inline void close_scene(struct scene *s)
{
    saver_destroy(&s->saver);
    trainer_destroy(&s->t);
    log_close();
    folder_remove(s->comm, s->root);
}

/* As if the run had taken steps up to this one: every weight says which. */
static inline void advance(struct scene *s, int64_t step)
{
    float *params = sync_params(s->t->sync);
    comm_barrier(s->comm);
    s->t->progress.step = step;
    for (int64_t i = 0; comm_local_rank(s->comm) == 0 && i < model_param_floats(s->t->model); i++)
        params[i] = (float)(step + i % 7);
    comm_barrier(s->comm);
}

static inline enum status save(struct scene *s, int64_t step, int names)
{
    advance(s, step);
    enum status status = saver_take(s->saver, names);
    return status == STATUS_OK ? saver_finish(s->saver) : status;
}

/* The path of a file in the folder, until the next call. */
static inline const char *path_of(const struct scene *s, const char *name)
{
    static char path[2 * PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", s->folder, name);
    return path;
}

static inline int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The names in the folder, in order, each behind a space. */
static inline const char *files(const struct scene *s)
{
    static char list[LIST_SIZE];
    char names[16][64];
    int count = 0;
    DIR *folder = opendir(s->folder);
    list[0] = '\0';
    for (struct dirent *e = folder ? readdir(folder) : NULL; e && count < 16; e = readdir(folder))
        if (e->d_name[0] != '.') snprintf(names[count++], sizeof names[0], "%.63s", e->d_name);
    if (folder) closedir(folder);
    qsort(names, (size_t)count, sizeof names[0], by_name);
    for (int i = 0; i < count; i++) strcat(strcat(list, " "), names[i]);
    return list;
}

static inline bool files_are(const struct scene *s, const char *expected)
{
    if (!is_root(s) || strcmp(files(s), expected) == 0) return true;
    fprintf(stderr, "in the folder:%s\nexpected:     %s\n", files(s), expected);
    return false;
}

/* The step of a checkpoint all of whose weights say the same; -1 if it is none. */
static inline int64_t step_in(const struct scene *s, const char *name)
{
    const char *path = path_of(s, name);
    struct normal n = {0}, targets = {0};
    float *params = NULL;
    int64_t step = -1, count = model_param_floats(s->t->model);
    CHECK_STATUS(mem_alloc(&params, (size_t)count, sizeof *params, "weights"), STATUS_OK);
    if (checkpoint_load(path, s->t->config, s->t->model, true, params, &n, &targets) == STATUS_OK &&
        checkpoint_step(path, &step) == STATUS_OK) {
        const struct layer *l = model_layer(s->t->model, 0);
        for (int64_t i = 0; i < tensor_count(&l->tensors[0]); i++)
            if (params[l->tensors[0].offset + i] != (float)(step + (l->tensors[0].offset + i) % 7)) step = -2;
    }
    normal_free(&n);
    normal_free(&targets);
    mem_free(&params);
    return step;
}

static inline bool holds(const struct scene *s, const char *name, int64_t step)
{
    return !is_root(s) || step_in(s, name) == step;
}

/* How often a text was logged. */
static inline int logged(const struct scene *s, const char *text)
{
    char line[2048];
    int count = 0;
    FILE *in = fopen(s->log, "r");
    while (in && fgets(line, sizeof line, in)) count += strstr(line, text) != NULL;
    if (in) fclose(in);
    return count;
}

static inline ino_t inode(const struct scene *s, const char *name)
{
    struct stat facts = {0};
    CHECK(stat(path_of(s, name), &facts) == 0);
    return facts.st_ino;
}

#endif
