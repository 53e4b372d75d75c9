/* table.c - converts a table in two or three passes over its rows. */
#include "data/convert/table/table.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "data/convert/table/private.h"
#include "core/mem.h"

/* ---- readers ---- */

static void table_free_columns(struct table_column **columns, int64_t count)
{
    for (int64_t c = 0; *columns && c < count; c++) {
        mem_free(&(*columns)[c].name);
        table_dict_destroy(&(*columns)[c].dict);
    }
    mem_free(columns);
}

static void table_close_reader(struct table_reader *r, const struct table_format_ops *format)
{
    if (format->close) format->close(r);
    table_free_columns(&r->columns, r->column_count);
    mem_free(&r->cells);
    table_text_close(&r->text);
}

static enum status table_open_reader(struct table_reader *r, const struct table *t, const char *path)
{
    *r = (struct table_reader){.options = t->options, .first = t->columns == NULL};
    TRY(table_text_open(&r->text, path));
    return t->format->open(r);
}

/* The columns of a second pass, or of the test file, are those of the first pass. */
static enum status table_same_columns(const struct table *t, const struct table_reader *r)
{
    char shown[TABLE_SHOW_SIZE], other[TABLE_SHOW_SIZE];
    if (r->column_count != t->column_count)
        return status_fail(STATUS_DATA, "%s: has %" PRId64 " columns where %s has %" PRId64, r->text.path,
                           r->column_count, t->path, t->column_count);
    for (int64_t c = 0; c < t->column_count; c++)
        if (strcmp(r->columns[c].name, t->columns[c].name) != 0)
            return status_fail(STATUS_DATA, "%s: column %" PRId64 " is '%s' where %s has '%s'", r->text.path,
                               c, table_show(r->columns[c].name, shown), t->path,
                               table_show(t->columns[c].name, other));
    return STATUS_OK;
}

/* ---- steps of a pass on one row ---- */

struct row {
    int64_t number;
    bool keep, test, of_test_file;
};

static enum status table_mark_dropped(struct table *t, int64_t row)
{
    if (row / 8 >= t->dropped_room) {
        int64_t room = 2 * (row / 8) + 4096;
        uint8_t *bits = NULL;
        TRY(mem_alloc(&bits, (size_t)room, 1, "marks of rows"));
        if (t->dropped) memcpy(bits, t->dropped, (size_t)t->dropped_room);
        mem_free(&t->dropped);
        t->dropped = bits;
        t->dropped_room = room;
    }
    t->dropped[row / 8] |= (uint8_t)(1 << row % 8);
    return STATUS_OK;
}

static enum status table_learn_row(struct table *t, const struct row *row)
{
    if (!row->keep) t->result->dropped++;
    if (row->of_test_file) {
        t->kept[1] += row->keep;
        return STATUS_OK;
    }
    t->rows++;
    return t->options->missing == TABLE_MISSING_DROP && !row->keep ? table_mark_dropped(t, row->number)
                                                                   : STATUS_OK;
}

static enum status table_add_row(struct table *t, const struct row *row)
{
    for (int64_t i = 0; !row->test && i < t->feature_count; i++) {
        struct table_column *c = &t->columns[t->features[i]];
        double value = t->values[t->features[i]];
        if (c->kind != TABLE_NUMBER || isnan(value)) continue;
        c->sum += value;
        c->present++;
    }
    return STATUS_OK;
}

static enum status table_write_row(struct table *t, const struct row *row)
{
    return row->keep ? table_writer_row(t, row->test) : STATUS_OK;
}

/* ---- passes ---- */

typedef enum status row_function(struct table *t, const struct row *row);

static enum status table_each_row(struct table *t, struct table_reader *r, bool of_test_file,
                                  row_function *do_row)
{
    bool end = false, learn = do_row == table_learn_row && !of_test_file;
    int64_t number = 0;
    for (;; number++) {
        TRY(t->format->next(r, &end));
        if (end) break;
        struct row row = {.number = number, .of_test_file = of_test_file, .test = of_test_file};
        TRY(table_decode(t, r, learn, &row.keep));
        if (do_row != table_learn_row && !of_test_file) row.test = table_split_is_test(t, number % t->rows);
        TRY(do_row(t, &row));
    }
    if (number > 0) return STATUS_OK;
    return status_fail(STATUS_DATA, "%s: holds no row of data", r->text.path);
}

static enum status table_pass(struct table *t, bool of_test_file, row_function *do_row)
{
    struct table_reader r;
    enum status status = table_open_reader(&r, t, of_test_file ? t->options->test_file : t->path);
    if (status == STATUS_OK) status = table_same_columns(t, &r);
    if (status == STATUS_OK) status = table_each_row(t, &r, of_test_file, do_row);
    table_close_reader(&r, t->format);
    return status;
}

/* The first pass over the first file: its columns become the table's. */
static enum status table_learn_first(struct table *t)
{
    struct table_reader r;
    enum status status = table_open_reader(&r, t, t->path);
    if (status == STATUS_OK) {
        t->columns = r.columns;
        t->column_count = r.column_count;
        status = mem_alloc(&t->values, (size_t)t->column_count, sizeof *t->values, "row");
    }
    if (status == STATUS_OK) status = table_assign_roles(t);
    if (status == STATUS_OK) status = table_labels_prepare(t);
    if (status == STATUS_OK) status = table_each_row(t, &r, false, table_learn_row);
    if (t->columns) r.columns = NULL;
    table_close_reader(&r, t->format);
    return status;
}

/* Also the width of x. */
static enum status table_code_features(struct table *t)
{
    for (int64_t i = 0; i < t->feature_count; i++) {
        struct table_column *c = &t->columns[t->features[i]];
        if (c->kind == TABLE_CATEGORY && t->format->words_as_declared)
            table_dict_code_as_added(c->dict);
        else if (c->kind == TABLE_CATEGORY)
            table_dict_code_by_bytes(c->dict);
        t->width += c->kind == TABLE_CATEGORY ? c->dict->count : 1;
    }
    if (t->width <= TABLE_FEATURES_MAX) return STATUS_OK;
    return status_fail(STATUS_DATA,
                       "%s: makes %" PRId64 " features with all its categories; at most %d are possible",
                       t->path, t->width, TABLE_FEATURES_MAX);
}

static enum status table_find_means(struct table *t)
{
    bool needed = false;
    for (int64_t i = 0; i < t->feature_count; i++) needed = needed || t->columns[t->features[i]].has_missing;
    if (!needed || t->options->missing != TABLE_MISSING_MEAN) return STATUS_OK;
    TRY(table_pass(t, false, table_add_row));
    for (int64_t i = 0; i < t->feature_count; i++) {
        struct table_column *c = &t->columns[t->features[i]];
        char shown[TABLE_SHOW_SIZE];
        if (c->has_missing && c->present == 0)
            return status_fail(STATUS_DATA,
                               "%s: column '%s' has no value in the training set, so no mean; leave "
                               "it out with --drop",
                               t->path, table_show(c->name, shown));
        if (c->present) c->mean = c->sum / (double)c->present;
    }
    return STATUS_OK;
}

static enum status table_convert_passes(struct table *t, struct h5_writer *file)
{
    bool two_files = t->options->split == TABLE_SPLIT_FILE;
    TRY(table_learn_first(t));
    if (two_files) TRY(table_pass(t, true, table_learn_row));
    TRY(table_split_prepare(t));
    TRY(table_code_features(t));
    TRY(table_labels_finish(t));
    TRY(table_find_means(t));
    TRY(table_writer_create(t, file));
    TRY(table_pass(t, false, table_write_row));
    if (two_files) TRY(table_pass(t, true, table_write_row));
    return table_writer_finish(t);
}

static void table_release(struct table *t)
{
    table_writer_destroy(t);
    table_free_columns(&t->columns, t->column_count);
    mem_free(&t->features);
    mem_free(&t->targets);
    mem_free(&t->values);
    mem_free(&t->dropped);
}

/* --force is meant for an older result. */
static enum status table_check_target(const char *in, const char *out)
{
    struct stat a, b;
    if (!in || stat(in, &a) != 0 || stat(out, &b) != 0 || a.st_dev != b.st_dev || a.st_ino != b.st_ino)
        return STATUS_OK;
    return status_fail(STATUS_CONFIG, "%s: is the input; name another output", out);
}

enum status table_convert(enum table_format format, const char *in, const char *out,
                          const struct table_options *options, struct table_result *result)
{
    static const struct table_format_ops *const formats[] = {
        [TABLE_CSV] = &table_csv, [TABLE_ARFF] = &table_arff};
    struct table t = {.format = formats[format], .options = options, .path = in, .result = result};
    struct h5_writer *file = NULL;
    *result = (struct table_result){0};
    TRY(table_check_target(in, out));
    TRY(table_check_target(options->test_file, out));
    TRY(h5_create(&file, out, options->overwrite));
    enum status status = table_convert_passes(&t, file);
    result->rows[0] = t.kept[0];
    result->rows[1] = t.kept[1];
    result->features = t.width;
    table_release(&t);
    if (status == STATUS_OK) return h5_commit(&file);
    h5_discard(&file);
    return status;
}
