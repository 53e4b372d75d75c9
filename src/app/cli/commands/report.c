/* report.c - writes report.html of one run, or of several that are compared. */
#include <stdio.h>
#include <sys/stat.h>

#include "app/cli/commands/commands.h"
#include "app/page/page.h"
#include "app/rundir/rundir.h"
#include "core/log.h"

#define DEFAULT_FOLDER "runs"
#define PAGE           "report.html"

/* The page of one run belongs to it. */
static enum status report_choose_path(const struct list *l, const struct arguments *a,
                                      char path[RUNDIR_PATH_SIZE])
{
    struct stat facts;
    if (!a->out && l->count == 1) return rundir_file(l->runs[0]->path, PAGE, path);
    snprintf(path, RUNDIR_PATH_SIZE, "%s", a->out ? a->out : PAGE);
    if (a->force || stat(path, &facts) != 0 || !S_ISREG(facts.st_mode)) return STATUS_OK;
    return status_fail(STATUS_CONFIG,
                       "%s: exists; choose another file with --out, or replace it with --force", path);
}

static enum status report_write(struct list *l, const struct arguments *a)
{
    char path[RUNDIR_PATH_SIZE];
    if (a->word_count == 0) TRY(list_add(l, DEFAULT_FOLDER));
    for (int i = 0; i < a->word_count; i++) TRY(list_add(l, a->words[i]));
    if (l->count == 0)
        return status_fail(STATUS_CONFIG, "%s: holds no run", a->word_count ? a->words[0] : DEFAULT_FOLDER);
    TRY(list_sort(l, a->sort ? a->sort : "name"));
    TRY(list_compare(l));
    TRY(report_choose_path(l, a, path));
    TRY(page_write(l, path));
    log_info("wrote %s", path);
    return STATUS_OK;
}

enum status cmd_report(struct comm *comm, struct arguments *a)
{
    (void)comm;
    struct list l = {.count = 0};
    enum status status = report_write(&l, a);
    list_free(&l);
    return status;
}
