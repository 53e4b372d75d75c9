/* many.c - many files as one source, one behind the other. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "data/config.h"
#include "data/source/files/many.h"

static bool many_takes(const char *locator, const struct source_options *options)
{
    char copy[4096];
    if (options->one_file) return false;
    if (options->samples == SAMPLES_OBJECTS) return true; /* the objects of one file are noted as well */
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
    m->options.index = m->options.index_folder = m->options.found = NULL;
    m->options.one_file = true;
    m->options.pool = &m->pool;
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

/* The name of the labels stands in "FILE: OBJECT" behind the name of the file. */
static enum status many_name_object(struct many *m, const struct source_info *info)
{
    char path[FIND_NAME_SIZE];
    TRY(record_find_path(m->files[0].locator, path));
    size_t length = strlen(path);
    if (info->label_where && strncmp(info->label_where, path, length) == 0)
        snprintf(m->object, sizeof m->object, "%s", info->label_where + length);
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
    m->options.noted = &m->first.info;
    TRY(many_open_noted(m, 0, &first));
    const struct source_info *info = source_info(first);
    TRY(many_copy_class_names(m, info));
    m->options.no_class_names = true; /* they have been compared */
    TRY(many_name_object(m, info));
    s->info = m->first.info;
    s->info.samples = m->files[m->file_count - 1].end;
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
        TRY(many_look(m, locator, options));
    }
    return many_describe(s, m);
}

/* The file that has sample `number`. */
static int64_t many_file_of(const struct many *m, int64_t number)
{
    int64_t low = 0, high = m->file_count - 1;
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
        TRY(source_read_every(source, number - begin, part.step, n, &to));
    }
    return STATUS_OK;
}

static enum status many_source_read_attribute(struct source *s, const char *name, int64_t count,
                                              double *values, int64_t *found)
{
    struct source *first;
    TRY(many_open_noted(s->self, 0, &first));
    return source_read_attribute(first, name, count, values, found);
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
    if (many_open_file(m, file, &open) == STATUS_OK) { /* it may have a range of its own */
        const struct source *source = open->source;
        *number = range_at(source->range, *number);
        if (source->ops->find_place) return source->ops->find_place(source, number);
    }
    snprintf(m->where, sizeof m->where, "%s%s", m->files[file].locator, m->object);
    return m->where;
}

/* Of a file that holds one sample its path alone; a file of objects is open, or opened again. */
static enum status many_name(struct source *s, int64_t number, char name[SOURCE_NAME_SIZE])
{
    struct many *m = s->self;
    struct many_open *open;
    int64_t file = many_file_of(m, number);
    if (m->options.samples == SAMPLES_FILES) {
        char path[FIND_NAME_SIZE];
        TRY(record_find_path(m->files[file].locator, path));
        snprintf(name, SOURCE_NAME_SIZE, "%s", path);
        return STATUS_OK;
    }
    TRY(many_open_file(m, file, &open));
    struct source *source = open->source;
    return source->ops->name(source, range_at(source->range, number - many_begin_of(m, file)), name);
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
    .read_attribute = many_source_read_attribute,
    .check = many_source_check,
    .find_place = many_find_place,
    .found = many_found,
    .name = many_name,
    .close = many_source_close,
};
