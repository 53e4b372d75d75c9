/* fuzz_table.h - what the targets of the two formats of tables share.
 *
 * The first line of the input chooses options, a digit each; "%%" on a line of its own ends a file, and the
 * next one begins. So a corpus is text that people can read. */
#ifndef TESTS_FUZZ_TABLE_H
#define TESTS_FUZZ_TABLE_H

#include "data/convert/table/table.h"
#include "fuzz.h"

#define FUZZ_TABLE_MARK  "\n%%\n"
#define FUZZ_TABLE_FILES 3

/* Columns as lists name them: by the header, by number, and such that cannot be right. */
static const char *const fuzz_table_lists[] = {NULL, "y", "0", "1", "a,y", "k", "9", "\"a\",1", "", "a,,"};

struct fuzz_table {
    const uint8_t *part[FUZZ_TABLE_FILES]; /* NULL = is not there */
    size_t bytes[FUZZ_TABLE_FILES];
    struct table_options options;
};

static inline unsigned fuzz_table_digit(const char **line)
{
    return **line >= '0' && **line <= '9' ? (unsigned)(*(*line)++ - '0') : 0;
}

static inline const char *fuzz_table_list(const char **line)
{
    return fuzz_table_lists[fuzz_table_digit(line) % (sizeof fuzz_table_lists / sizeof *fuzz_table_lists)];
}

static inline void fuzz_table_options(struct table_options *o, const char *line)
{
    static const char delimiters[] = {0, ';', '\t', ' ', '|', '"', ',', '.', '\'', '0'};
    o->target = fuzz_table_list(&line);
    o->categorical = fuzz_table_list(&line);
    o->drop = fuzz_table_list(&line);
    o->missing = (enum table_missing)(fuzz_table_digit(&line) % 3);
    o->labels = (enum table_labels)(fuzz_table_digit(&line) % 4);
    o->split = (enum table_split)(fuzz_table_digit(&line) % 5);
    o->fraction = 0.25, o->seed = 7, o->split_rows = 2;
    o->header = (enum table_header)(fuzz_table_digit(&line) % 3);
    o->delimiter = delimiters[fuzz_table_digit(&line)];
    o->label_count = (int64_t)fuzz_table_digit(&line) - 3;
    if (o->label_count == -3) o->label_count = 0;
}

static inline struct fuzz_table fuzz_table_begin(const uint8_t *data, size_t size)
{
    struct fuzz_table t = {.part = {NULL}};
    char line[16] = "";
    const uint8_t *first;
    size_t bytes = fuzz_cut(&data, &size, "\n", &first);
    if (bytes) memcpy(line, first, bytes < sizeof line ? bytes : sizeof line - 1);
    fuzz_table_options(&t.options, line);
    for (int i = 0; i < FUZZ_TABLE_FILES && (i == 0 || size > 0); i++)
        t.bytes[i] = fuzz_cut(&data, &size, FUZZ_TABLE_MARK, &t.part[i]);
    return t;
}

/* Converts the first part; the second is the test file where the split asks for one. */
static inline void fuzz_table_convert(struct fuzz_table *t, enum table_format format)
{
    struct fuzz_file file[2];
    for (int i = 0; i < 2; i++) file[i] = fuzz_file(t->part[i], t->bytes[i]);
    if (t->options.split == TABLE_SPLIT_FILE) t->options.test_file = file[1].path;
    struct table_result result = {0};
    bool good = fuzz_answer(table_convert(format, file[0].path, fuzz_out(), &t->options, &result));
    if (good) FUZZ_CHECK(result.rows[0] > 0 && result.rows[1] >= 0 && result.features > 0);
    fuzz_check_out(good);
    for (int i = 0; i < 2; i++) fuzz_close(&file[i]);
}

#endif
