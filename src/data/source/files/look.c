/* look.c - what is in many files. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "comm/activity.h"
#include "core/log.h"
#include "core/mem.h"
#include "core/system/stop.h"
#include "data/config.h"
#include "data/source/files/known.h"
#include "data/source/files/many.h"

#define KEPT_MIN    64  /* files, or objects: fewer are looked at faster than it is worth a file */
#define NAMED_FILES 3   /* that are left out */
#define STOP_FILES  256 /* between signs of life for the watchdog and questions whether to stop */

static enum status many_find_files(struct many *m, const char *locator)
{
    TRY(locators_find(&m->locators, locator));
    TRY(mem_alloc(&m->files, (size_t)m->locators.count, sizeof *m->files, "list of files"));
    return STATUS_OK;
}

/* Takes up the next file, its samples behind those before. */
static enum status many_add(struct many *m, int64_t file, const struct record *r)
{
    struct source_info *all = &m->first.info;
    struct many_file *f = &m->files[file];
    int64_t before = file ? m->files[file - 1].end : 0;
    if (file == 0)
        m->first = *r;
    else
        TRY(record_check_alike(&m->first, m->files[0].locator, r, f->locator));
    if (r->info.type != all->type) all->type = FEATURE_F32;
    all->label_integers = all->label_integers && r->info.label_integers;
    f->bytes = r->bytes;
    f->changed = r->changed;
    if (!__builtin_add_overflow(before, r->info.samples, &f->end)) return STATUS_OK;
    return status_fail(STATUS_DATA, "%s: more samples than can be counted", f->locator);
}

static enum status many_look_at(struct many *m, int64_t file, const struct known *known, struct record *r)
{
    struct many_open *open;
    const char *locator = m->files[file].locator;
    TRY(record_take_state(r, locator));
    if (known_find(known, locator, r)) return STATUS_OK;
    TRY(many_open_file(m, file, &open));
    record_take_info(r, source_info(open->source));
    return STATUS_OK;
}

/* Whether a file that cannot be opened is left out: not if it ended the process that reads it, which a slow machine may
 * do as well, and not if there is no other file. */
static bool many_may_leave_out(const struct many *m, enum status status, int64_t others)
{
    if (status != STATUS_DATA || !m->options.skip || others == 0) return false;
    return !m->pool || h5_check(m->pool) == STATUS_OK;
}

/* Says that a file cannot be read; from the few first on only how many there are. */
static void many_say_left_out(const struct many *m, int64_t count, bool all)
{
    if (!all && count <= NAMED_FILES) log_warn("%s: the file is left out (data.on_error)", status_text());
    if (all && count > NAMED_FILES)
        log_warn("%s: %" PRId64 " files in all are left out (data.on_error)", m->title, count);
}

/* Files that are left out make room for the next. */
static enum status many_survey(struct many *m, const struct known *known, bool quiet, FILE *out)
{
    int64_t kept = 0, count = m->locators.count;
    for (int64_t i = 0; i < count; i++) {
        struct record r = {0};
        m->files[kept].locator = m->locators.of[i];
        enum status status = many_look_at(m, kept, known, &r);
        if (many_may_leave_out(m, status, kept + count - i - 1)) {
            if (!quiet) many_say_left_out(m, i + 1 - kept, false);
            continue;
        }
        TRY(status);
        TRY(many_add(m, kept, &r));
        record_write(out, &r, m->files[kept++].locator);
        if (i % STOP_FILES != 0) continue;
        activity_set_phase(ACTIVITY_LOADING);
        TRY(stop_asked());
    }
    if (!quiet) many_say_left_out(m, count - kept, true);
    m->file_count = kept;
    return STATUS_OK;
}

enum status many_look(struct many *m, const char *locator, const struct source_options *options)
{
    struct known known;
    char head[KNOWN_HEAD], *buffer = NULL;
    size_t bytes = 0;
    TRY(many_find_files(m, locator));
    known_head(head, options);
    TRY(known_load(&known, options->index_folder, locator, head));
    FILE *out = open_memstream(&buffer, &bytes);
    enum status status = STATUS_OK;
    if (out) fprintf(out, "%s\n", head);
    if (out) status = many_survey(m, &known, options->quiet, out);
    if ((!out || fclose(out) != 0) && status == STATUS_OK)
        status = status_fail(STATUS_OTHER, "%s: out of memory for the list of files", m->title);
    known_free(&known);
    if (status == STATUS_OK) status = mem_copy_text(&m->text, buffer);
    bool by_objects = options->samples == SAMPLES_OBJECTS && status == STATUS_OK;
    int64_t count = by_objects ? m->files[m->file_count - 1].end : m->locators.count;
    if (status == STATUS_OK && count >= KEPT_MIN) known_save(options->index_folder, locator, head, buffer);
    free(buffer);
    return status;
}

static enum status many_take_lines(struct many *m, char *text)
{
    struct record r;
    const char *locator;
    (void)strsep(&text, "\n");
    for (char *line; text && *text && (line = strsep(&text, "\n"));) {
        int64_t i = m->locators.count;
        if (!record_read(line, &r, &locator))
            return status_fail(STATUS_OTHER, "%s: the list of files cannot be read", m->title);
        TRY(mem_copy_text(&m->locators.of[i], locator));
        m->file_count = ++m->locators.count;
        m->files[i].locator = m->locators.of[i];
        TRY(many_add(m, i, &r));
    }
    return STATUS_OK;
}

enum status many_take_found(struct many *m, const char *text)
{
    size_t lines = 0;
    char *copy;
    for (const char *c = text; *c; c++) lines += *c == '\n';
    TRY(mem_copy_text(&m->text, text));
    TRY(mem_alloc(&m->locators.of, lines, sizeof *m->locators.of, "list of files"));
    TRY(mem_alloc(&m->files, lines, sizeof *m->files, "list of files"));
    TRY(mem_copy_text(&copy, text));
    enum status status = many_take_lines(m, copy);
    mem_free(&copy);
    return status;
}
