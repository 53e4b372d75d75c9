/* table.h - tables of text to HDF5: CSV (RFC 4180) and ARFF (Weka, Mulan), plain or gzip-compressed.
 *
 * The result holds `x` float32 (N,F) with the attribute feature_names, and `y`:
 *   one column of classes      integers (N,), 0..K-1, with class_names
 *   one column of 0 and 1      uint8 (N,), with label_names
 *   columns of 0 and 1         uint8 (N,K), with label_names
 *   numbers                    float32 (N,) or (N,T), with target_names
 * at the root or, with a split, in the groups train and test. A category becomes one column of x per value.
 *
 * Files are untrusted and may be larger than the memory: they are read row by row, two or three times,
 * and what is kept are names, categories and one bit per row. Errors: STATUS_CONFIG for options that do not
 * fit the file, STATUS_DATA for a file that is not what it should be, with line and column; nothing is left
 * behind then. Local functions. */
#ifndef DATA_CONVERT_TABLE_TABLE_H
#define DATA_CONVERT_TABLE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

enum table_format { TABLE_CSV, TABLE_ARFF };
enum table_missing { TABLE_MISSING_ERROR, TABLE_MISSING_MEAN, TABLE_MISSING_DROP };
enum table_labels { TABLE_LABELS_AUTO, TABLE_LABELS_INDEX, TABLE_LABELS_MULTILABEL, TABLE_LABELS_TARGET };
enum table_header { TABLE_HEADER_AUTO, TABLE_HEADER_YES, TABLE_HEADER_NO };

/* Rows are identified by their number in the file, from 0, before any is dropped: the same rows are the test
 * set whatever becomes of missing values. */
enum table_split {
    TABLE_SPLIT_NONE,
    TABLE_SPLIT_FRACTION, /* a random share of the rows, drawn by the seed */
    TABLE_SPLIT_EVERY,    /* every n-th row: the last of each n */
    TABLE_SPLIT_AT,       /* all rows from this one on */
    TABLE_SPLIT_FILE,     /* another file, read with the categories, classes and means of the first */
};

/* Zeroes are the defaults. Lists name columns by name or by number from 0, separated by commas. */
struct table_options {
    const char *target, *categorical, *drop; /* NULL = none */
    enum table_missing missing;
    enum table_labels labels;
    enum table_split split;
    double fraction; /* of the test set */
    uint64_t seed;
    int64_t split_rows; /* of TABLE_SPLIT_EVERY and TABLE_SPLIT_AT */
    const char *test_file;
    enum table_header header;  /* CSV */
    char delimiter;            /* CSV; ' ' = blanks, 0 = found in the first row */
    const char *missing_words; /* CSV: more words for a value that is missing, separated by commas; or NULL */
    const char *labels_xml;    /* ARFF: Mulan's list of labels, or NULL */
    int64_t label_count;       /* ARFF: the last attributes are labels, the first if negative; or 0 */
    bool overwrite;
};

/* What was written, for people. */
struct table_result {
    int64_t rows[2]; /* train (or all), test */
    int64_t features;
    int64_t dropped; /* rows */
    int64_t filled;  /* missing values that got their column's mean */
    char labels[64]; /* "3 classes", "2 targets", ... */
};

enum status table_convert(enum table_format format, const char *in, const char *out,
                          const struct table_options *options, struct table_result *result);

#endif
