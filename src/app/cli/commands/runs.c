/* runs.c - lists runs. */
#include <string.h>

#include "app/cli/commands/commands.h"
#include "app/cli/output.h"
#include "app/runs/listing.h"
#include "io/outfile.h"

#define DEFAULT_FOLDER "runs"

static enum status runs_write_json(const struct list *l, FILE *out)
{
    listing_write_json(l, out);
    return STATUS_OK;
}

/* "-" is standard output, where nothing else is printed then. */
static enum status runs_write(const struct list *l, const char *path,
                              enum status (*write)(const struct list *l, FILE *out), bool *printed)
{
    FILE *out = stdout;
    if (!path) return STATUS_OK;
    if (strcmp(path, "-") == 0) {
        *printed = true;
        return write(l, out);
    }
    TRY(outfile_open(&out, path));
    enum status status = write(l, out);
    if (status == STATUS_OK) return outfile_close(out, path);
    outfile_discard(out, path);
    return status;
}

static enum status runs_show(struct list *l, const struct arguments *a)
{
    bool printed = false;
    if (a->word_count == 0) TRY(list_add(l, DEFAULT_FOLDER));
    for (int i = 0; i < a->word_count; i++) TRY(list_add(l, a->words[i]));
    TRY(list_sort(l, a->sort ? a->sort : "name"));
    TRY(list_compare(l));
    TRY(runs_write(l, a->json, runs_write_json, &printed));
    TRY(runs_write(l, a->csv, listing_write_csv, &printed));
    if (!printed) TRY(listing_print(l, a->sort, stdout));
    return output_flush();
}

enum status cmd_runs(struct comm *comm, struct arguments *a)
{
    (void)comm;
    struct list l = {.count = 0};
    enum status status = runs_show(&l, a);
    list_free(&l);
    return status;
}
