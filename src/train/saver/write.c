/* write.c - writes a checkpoint under its names. */
#include "train/saver/write.h"

#include <string.h>
#include <unistd.h>

#include "core/system/clock.h"
#include "train/saver/saver.h"

/* Seconds before each further attempt at the last checkpoint of a run. */
static const unsigned pauses[] = {1, 5};
#define PAUSES (sizeof pauses / sizeof *pauses)

static enum status saver_write_file(const struct saver_write *w, const char *name,
                                    char path[CHECKPOINT_FILE_SIZE])
{
    struct checkpoint_state state = snapshot_state(w->snapshot);
    TRY(checkpoint_folder_path(path, w->folder, name));
    return checkpoint_save(path, &state);
}

/* Where a file can have only one name, the checkpoint is written again. */
static enum status saver_write_name(const struct saver_write *w, const char *name, const char *first)
{
    char path[CHECKPOINT_FILE_SIZE];
    bool possible;
    enum status status = checkpoint_folder_link(w->folder, name, first, &possible);
    return possible ? status : saver_write_file(w, name, path);
}

/* Writes the first name; the others are links to it. best.h5 comes before the name by step: a run that is
 * killed between them and resumes would not write it again. */
static enum status saver_write_all(struct saver_write *w)
{
    char names[CHECKPOINT_OTHER][CHECKPOINT_NAME_SIZE], path[CHECKPOINT_FILE_SIZE];
    int64_t step = w->snapshot->progress.step;
    int count = 0;
    if (w->names & SAVER_FINAL) checkpoint_name(names[count++], CHECKPOINT_FINAL, step);
    if (w->names & SAVER_BEST) checkpoint_name(names[count++], CHECKPOINT_BEST, step);
    if (w->names & SAVER_STEP) checkpoint_name(names[count++], CHECKPOINT_STEP, step);
    checkpoint_name(names[count++], CHECKPOINT_LAST, step);
    TRY(checkpoint_folder_make(w->folder)); /* it may have been removed */
    if (w->observer->settle) w->observer->settle(w->observer->self);
    TRY(saver_write_file(w, names[0], path));
    memcpy(w->newest, path, sizeof path);
    w->saved = true;
    for (int i = 1; i < count; i++) TRY(saver_write_name(w, names[i], names[0]));
    checkpoint_folder_sync(w->folder);
    return checkpoint_folder_prune(w->folder, step, w->keep);
}

enum status saver_write(void *self)
{
    struct saver_write *w = self;
    double start = clock_seconds(), busy = clock_thread();
    w->saved = false;
    enum status status = saver_write_all(w);
    for (size_t i = 0; !w->saved && (w->names & SAVER_FINAL) && i < PAUSES; i++) {
        sleep(pauses[i]);
        status = saver_write_all(w);
    }
    w->seconds = clock_seconds() - start;
    w->busy = clock_thread() - busy;
    return status;
}
