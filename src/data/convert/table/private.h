/* private.h - what the files of the table converter share.
 *
 * A format (csv.c, arff.c) is a reader of rows of cells. Everything else is here: which column is what
 * (roles.c), cells to numbers (decode.c), what the labels are (labels.c), which row belongs
 * to which set (split.c), datasets (write.c), and the passes over the file (table.c). */
#ifndef DATA_CONVERT_TABLE_PRIVATE_H
#define DATA_CONVERT_TABLE_PRIVATE_H

#include "data/convert/table/dict.h"
#include "data/convert/table/text.h"
#include "io/h5/h5.h"
#include "data/order.h"
#include "data/convert/table/table.h"

#define TABLE_COLUMNS_MAX    100000
#define TABLE_NAME_MAX       1000  /* bytes of a name or a category */
#define TABLE_CATEGORIES_MAX 10000 /* of a column */
#define TABLE_FEATURES_MAX   1000000
#define TABLE_WORDS_MAX      1000000 /* categories of all columns */

enum table_role { TABLE_FEATURE, TABLE_TARGET, TABLE_DROPPED };

enum table_kind {
    TABLE_UNDECIDED, /* a target of a CSV file, until its first value is seen */
    TABLE_NUMBER,
    TABLE_CATEGORY, /* one of the words of `dict` */
    TABLE_UNUSABLE, /* an ARFF text or date */
};

struct table_column {
    char *name;
    enum table_role role;
    enum table_kind kind;
    bool is_label;           /* the format says that it is a target */
    bool declared;           /* the words are declared in the file; others are errors */
    bool declared_bits;      /* declared to be 0 or 1 */
    struct table_dict *dict; /* or NULL */
    /* found in the first pass */
    bool seen, whole, bits; /* any value; all values integers; all values 0 or 1 */
    bool zero, minus;       /* a label that is 0, or -1 in place of 0 */
    int64_t first_line;     /* of a value */
    bool has_missing;
    /* over the rows of the training set */
    double sum, mean;
    int64_t present;
};

/* One pass over one file. */
struct table_reader {
    const struct table_options *options;
    struct table_text text;
    struct table_column *columns; /* [column_count], made by the format's open */
    int64_t column_count;
    int64_t words;      /* declared so far */
    const char **cells; /* the row; NULL = missing. They live until the next row. */
    int64_t line;       /* at which the row starts */
    bool first;         /* the first reading of the first file */
    void *self;         /* of the format */
};

struct table_format_ops {
    enum status (*open)(struct table_reader *r);
    enum status (*next)(struct table_reader *r, bool *end);
    void (*close)(struct table_reader *r); /* of r->self; may be NULL */
    bool words_as_declared;                /* categories keep the order of the file's declaration */
};
extern const struct table_format_ops table_csv, table_arff;

enum table_y { TABLE_Y_CLASSES, TABLE_Y_BITS, TABLE_Y_NUMBERS };

struct table {
    const struct table_format_ops *format;
    const struct table_options *options;
    const char *path;
    struct table_column *columns;
    int64_t column_count;
    int64_t *features, feature_count; /* columns, in file order */
    int64_t *targets, target_count;   /* columns, in file order */
    double *values;                   /* [column_count] the row; NaN = missing; of categories the code */
    enum table_y y;
    int64_t words;        /* found so far, of all columns */
    int64_t width;        /* of x */
    int64_t rows;         /* in the file */
    int64_t kept[2];      /* rows of train (or all) and test */
    uint8_t *dropped;     /* one bit per row */
    int64_t dropped_room; /* bytes */
    int64_t test_rows;    /* of TABLE_SPLIT_FRACTION */
    struct order order;   /* of TABLE_SPLIT_FRACTION: the rows at its first positions */
    struct table_writer *writer;
    struct table_result *result;
};

/* list.c: the texts of "a,b,\"c,d\"" as RFC 4180 cuts them; released with mem_free. And an entry as a
 * column number, or -1. */
enum status table_list_split(const char *flag, const char *list, char ***entries, int64_t *count);
int64_t table_list_number(const char *entry);

/* A text of a file or flag as messages show it: short, one line, no control characters. */
#define TABLE_SHOW_SIZE 64
const char *table_show(const char *text, char shown[TABLE_SHOW_SIZE]);

/* Whether a name or category can be stored; `what` says what it is. */
enum status table_check_text(const char *text, const char *what);

/* roles.c: who is feature, target and dropped. */
enum status table_assign_roles(struct table *t);

/* decode.c: the reader's row into t->values. *keep is false for a row that is left out. `learn` is the
 * first pass: new categories are added, and t->columns learn what they hold. */
enum status table_decode(struct table *t, const struct table_reader *r, bool learn, bool *keep);

/* Puts "FILE: line N, column 'NAME': " in front of the message. */
enum status table_fail_cell(const struct table_reader *r, const char *column);

/* labels.c: before the first pass, at the first value of an undecided target, and after the pass. */
enum status table_labels_prepare(struct table *t);
enum status table_labels_decide(struct table *t, struct table_column *c, const char *text);
enum status table_labels_finish(struct table *t);

/* split.c: t->kept, and where a row goes. */
enum status table_split_prepare(struct table *t);
bool table_split_is_test(const struct table *t, int64_t row);

/* write.c */
enum status table_writer_create(struct table *t, struct h5_writer *w);
enum status table_writer_row(struct table *t, bool test); /* t->values */
enum status table_writer_finish(struct table *t);
void table_writer_destroy(struct table *t);

#endif
