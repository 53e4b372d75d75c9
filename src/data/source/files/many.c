/* many.c - many files as one source, one behind the other. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "comm/activity.h"
#include "core/mem.h"
#include "core/system/stop.h"
#include "data/config.h"
#include "data/source/files/known.h"
#include "data/source/files/locators.h"
#include "data/source/files/record.h"
#include "data/source/ops.h"
#include "io/h5/h5.h"

#define OPEN_MAX_FILES 8   /* at the same time */
#define KEPT_MIN_FILES 64  /* fewer are looked at faster than it is worth a file */
#define STOP_FILES     256 /* between signs of life for the watchdog and questions whether to stop */

struct many_file {
    const char *locator;
    int64_t end;            /* number of the first sample behind it */
    int64_t bytes, changed; /* when it was found */
};

struct many_open {
    int64_t file;
    struct source *source; /* NULL = the place is free */
    uint64_t used;         /* the last use */
    bool checked;          /* is what was noted of it */
    bool read;             /* since its state was last compared */
};

struct many {
    struct locators locators;
    struct many_file *files;
    struct source_options options; /* of each file */
    char *names[3];                /* x, y, weights */
    struct h5 *pool;
    struct many_open open[OPEN_MAX_FILES];
    uint64_t uses;
    struct record first; /* of the first file, with what all have in common */
    char *text;          /* source_found */
    const char **class_names;
    char title[LOCATORS_TITLE], where[2 * LOCATORS_TITLE + 256];
    char object[256]; /* name of the labels */
};

static bool many_takes(const char *locator, const struct source_options *options)
{
    char copy[4096];
    if (options->one_file) return false;
    if (strchr(locator, LOCATORS_SEPARATOR)) return true;
    if (snprintf(copy, sizeof copy, "%s", locator) >= (int)sizeof copy) return false;
    (void)range_cut(copy);
    return locators_are_many(copy);
}

static enum status many_keep_options(struct many *m, const struct source_options *o)
{
    const char *const names[] = {o->x, o->y, o->weights};
    for (int i = 0; i < 3; i++)
        if (names[i]) TRY(mem_copy_text(&m->names[i], names[i]));
    m->options = *o;
    m->options.x = m->names[0];
    m->options.y = m->names[1];
    m->options.weights = m->names[2];
    m->options.index_folder = m->options.found = NULL;
    m->options.one_file = true;
    m->options.pool = &m->pool;
    return STATUS_OK;
}

/* ---- open files ---- */

static void many_close_files(struct many *m)
{
    for (int i = 0; i < OPEN_MAX_FILES; i++) source_close(&m->open[i].source);
}

/* Whether a file has changed while its samples were read. */
static enum status many_check_read(const struct many *m, struct many_open *o)
{
    const struct many_file *f = &m->files[o->file];
    if (!o->source || !o->read) return STATUS_OK;
    TRY(record_check_state(f->bytes, f->changed, f->locator));
    o->read = false;
    return STATUS_OK;
}

/* Opens a file, which takes the place of the one that was used least recently. */
static enum status many_open_file(struct many *m, int64_t file, struct many_open **out)
{
    struct many_open *place = &m->open[0];
    for (int i = 0; i < OPEN_MAX_FILES; i++) {
        struct many_open *o = &m->open[i];
        if (o->source && o->file == file) {
            o->used = ++m->uses;
            *out = o;
            return STATUS_OK;
        }
        if (place->source && (!o->source || o->used < place->used)) place = o;
    }
    TRY(many_check_read(m, place));
    source_close(&place->source);
    *place = (struct many_open){.file = file, .used = ++m->uses};
    TRY(source_open(&place->source, m->files[file].locator, &m->options));
    m->options.quiet = true;
    *out = place;
    return STATUS_OK;
}

/* ---- what is in the files ---- */

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

static enum status many_survey(struct many *m, const struct known *known, FILE *out)
{
    for (int64_t i = 0; i < m->locators.count; i++) {
        struct record r = {0};
        struct many_open *open;
        const char *locator = m->files[i].locator;
        TRY(record_take_state(&r, locator));
        if (!known_find(known, locator, &r)) {
            TRY(many_open_file(m, i, &open));
            record_take_info(&r, source_info(open->source));
        }
        TRY(many_add(m, i, &r));
        record_write(out, &r, locator);
        if (i % STOP_FILES != 0) continue;
        activity_set_phase(ACTIVITY_LOADING);
        TRY(stop_asked());
    }
    return STATUS_OK;
}

/* Looks at all files, but at those only once that have not changed since. */
static enum status many_look(struct many *m, const char *locator, const struct source_options *options)
{
    struct known known;
    char head[KNOWN_HEAD], *buffer = NULL;
    size_t bytes = 0;
    known_head(head, options);
    TRY(known_load(&known, options->index_folder, locator, head));
    FILE *out = open_memstream(&buffer, &bytes);
    enum status status = STATUS_OK;
    if (out) fprintf(out, "%s\n", head);
    if (out) status = many_survey(m, &known, out);
    if ((!out || fclose(out) != 0) && status == STATUS_OK)
        status = status_fail(STATUS_OTHER, "%s: out of memory for the list of files", m->title);
    known_free(&known);
    if (status == STATUS_OK) status = mem_copy_text(&m->text, buffer);
    if (status == STATUS_OK && m->locators.count >= KEPT_MIN_FILES)
        known_save(options->index_folder, locator, buffer);
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
        m->locators.count++;
        m->files[i].locator = m->locators.of[i];
        TRY(many_add(m, i, &r));
    }
    return STATUS_OK;
}

/* Takes over what another process has found. */
static enum status many_take_found(struct many *m, const char *text)
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

static enum status many_find_files(struct many *m, const char *locator)
{
    TRY(locators_find(&m->locators, locator));
    TRY(mem_alloc(&m->files, (size_t)m->locators.count, sizeof *m->files, "list of files"));
    for (int64_t i = 0; i < m->locators.count; i++) m->files[i].locator = m->locators.of[i];
    return STATUS_OK;
}

/* ---- the source ---- */

static int64_t many_begin_of(const struct many *m, int64_t file)
{
    return file ? m->files[file - 1].end : 0;
}

/* Compares an open file with what was noted of it: it may have changed since, on this node or for all. */
static enum status many_check_file(const struct many *m, int64_t file, const struct source *source)
{
    const struct many_file *f = &m->files[file];
    struct record now = {0};
    TRY(record_check_state(f->bytes, f->changed, f->locator));
    record_take_info(&now, &source->info);
    if (m->options.no_class_names) now.names = m->first.names;
    if (now.info.samples == f->end - many_begin_of(m, file) && now.info.type == m->first.info.type &&
        record_check_alike(&m->first, f->locator, &now, f->locator) == STATUS_OK)
        return STATUS_OK;
    return status_fail(
        STATUS_DATA,
        "%s: holds other samples than were noted, though its length and time of change are the "
        "same; delete the folder data-index beside the runs",
        f->locator);
}

/* Opens a file to read samples. */
static enum status many_open_noted(struct many *m, int64_t file, struct source **out)
{
    struct many_open *open;
    TRY(many_open_file(m, file, &open));
    if (!open->checked) TRY(many_check_file(m, file, open->source));
    open->checked = open->read = true;
    *out = open->source;
    return STATUS_OK;
}

/* One block: the pointers, then the names. */
static enum status many_copy_class_names(struct many *m, const struct source_info *info)
{
    size_t bytes = (size_t)info->class_count * sizeof *m->class_names;
    for (int64_t k = 0; k < info->class_count; k++) bytes += strlen(info->class_names[k]) + 1;
    TRY(mem_alloc(&m->class_names, bytes, 1, "class names"));
    char *to = (char *)(m->class_names + info->class_count);
    for (int64_t k = 0; k < info->class_count; k++) {
        m->class_names[k] = to;
        to = stpcpy(to, info->class_names[k]) + 1;
    }
    return STATUS_OK;
}

/* Describes all samples; class names and the name of the labels are those of the first file. */
static enum status many_describe(struct source *s, struct many *m)
{
    struct source *first;
    if (m->first.info.type == FEATURE_F32 && !m->options.wide) {
        many_close_files(m); /* some may have been opened as uint8 */
        m->options.wide = true;
    }
    TRY(many_open_noted(m, 0, &first));
    const struct source_info *info = source_info(first);
    TRY(many_copy_class_names(m, info));
    m->options.no_class_names = true; /* they have been compared */
    const char *object = info->label_where ? strstr(info->label_where, ": ") : NULL;
    if (object) snprintf(m->object, sizeof m->object, "%s", object);
    s->info = m->first.info;
    s->info.samples = m->files[m->locators.count - 1].end;
    s->info.class_names = m->class_names;
    s->info.label_where = m->title;
    return STATUS_OK;
}

static enum status many_source_open(struct source *s, const char *locator,
                                    const struct source_options *options)
{
    struct many *m = NULL;
    TRY(mem_alloc(&s->self, 1, sizeof *m, "list of files"));
    m = s->self;
    locators_title(locator, m->title);
    TRY(many_keep_options(m, options));
    if (options->found && *options->found) {
        TRY(many_take_found(m, options->found));
    } else {
        TRY(many_find_files(m, locator));
        TRY(many_look(m, locator, options));
    }
    return many_describe(s, m);
}

/* The file that has sample `number`. */
static int64_t many_file_of(const struct many *m, int64_t number)
{
    int64_t low = 0, high = m->locators.count - 1;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (number < m->files[middle].end)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* The rows behind `count` samples. */
static struct source_rows many_rows_from(const struct source *s, const struct source_rows *rows,
                                         int64_t count)
{
    const struct source_info *i = &s->info;
    int64_t width = i->label_width > 1 ? i->label_width : 1;
    struct source_rows to = *rows;
    if (to.features)
        to.features = (char *)to.features + count * shape_features(i->shape) * feature_bytes(i->type);
    if (to.labels) to.labels += count * width;
    if (to.targets) to.targets += count * width;
    if (to.weights) to.weights += count * i->weight_width;
    return to;
}

static enum status many_source_read(struct source *s, struct range part, const struct source_rows *rows)
{
    struct many *m = s->self;
    for (int64_t at = 0, n; at < part.count; at += n) {
        int64_t number = range_at(part, at), file = many_file_of(m, number), begin = many_begin_of(m, file);
        struct source *source;
        n = (m->files[file].end - 1 - number) / part.step + 1;
        if (n > part.count - at) n = part.count - at;
        TRY(many_open_noted(m, file, &source));
        const struct source_rows to = many_rows_from(s, rows, at);
        int64_t step =
            n > 1 ? part.step * source->range.step : 1; /* a step beyond the end may be any number */
        const struct range in = {range_at(source->range, number - begin), step, n};
        TRY(source->ops->read(source, in, &to));
    }
    return STATUS_OK;
}

static enum status many_source_check(const struct source *s)
{
    struct many *m = s->self;
    for (int i = 0; i < OPEN_MAX_FILES; i++) TRY(many_check_read(m, &m->open[i]));
    return STATUS_OK;
}

static const char *many_find_place(const struct source *s, int64_t *number)
{
    struct many *m = s->self;
    struct many_open *open;
    int64_t file = many_file_of(m, *number);
    *number -= many_begin_of(m, file);
    if (many_open_file(m, file, &open) == STATUS_OK) /* it may have a range of its own */
        *number = range_at(open->source->range, *number);
    snprintf(m->where, sizeof m->where, "%s%s", m->files[file].locator, m->object);
    return m->where;
}

static const char *many_found(const struct source *s)
{
    return ((const struct many *)s->self)->text;
}

static void many_source_close(struct source *s)
{
    struct many *m = s->self;
    if (!m) return;
    many_close_files(m);
    h5_close(&m->pool);
    locators_free(&m->locators);
    mem_free(&m->files);
    mem_free(&m->text);
    mem_free(&m->class_names);
    for (int i = 0; i < 3; i++) mem_free(&m->names[i]);
    mem_free(&s->self);
}

const struct source_ops source_many = {
    .prefix = "",
    .takes = many_takes,
    .open = many_source_open,
    .read = many_source_read,
    .check = many_source_check,
    .find_place = many_find_place,
    .found = many_found,
    .close = many_source_close,
};
