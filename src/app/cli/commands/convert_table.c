/* convert_table.c - `convert csv` and `convert arff`: reads their flags and reports what was written. */
#include <inttypes.h>
#include <string.h>

#include "app/cli/commands/commands.h"
#include "core/log.h"
#include "core/number.h"
#include "data/convert/table/table.h"

/* Finds the value of a flag among `words`, which "" ends; 0 if the flag is not given. */
static enum status convert_choose(const char *flag, const char *value, const char *const *words, int *choice)
{
    char list[128] = "";
    *choice = 0;
    if (!value) return STATUS_OK;
    for (int i = 0; *words[i]; i++) {
        if (strcmp(value, words[i]) == 0) {
            *choice = i;
            return STATUS_OK;
        }
        strcat(list, i ? ", " : "");
        strcat(list, words[i]);
    }
    return status_fail(STATUS_CONFIG, "--%s: '%s' is not one of %s", flag, value, list);
}

static enum status convert_read_int(const char *flag, const char *value, int64_t min, int64_t *number)
{
    if (number_parse_int(value, number) != STATUS_OK) return status_at(STATUS_CONFIG, "--%s", flag);
    if (*number >= min) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "--%s: %s is less than %" PRId64, flag, value, min);
}

static enum status convert_read_split(const struct arguments *a, struct table_options *o)
{
    const char *const flags[] = {a->split, a->split_at, a->test_every, a->test_file};
    int given = 0;
    int64_t seed = 1;
    for (int i = 0; i < 4; i++) given += flags[i] != NULL;
    if (given > 1)
        return status_fail(STATUS_CONFIG,
                           "--split, --split-at, --test-every and --test-file: use only one of them");
    if (a->seed && !a->split) return status_fail(STATUS_CONFIG, "--seed needs --split");
    if (a->seed) TRY(convert_read_int("seed", a->seed, 0, &seed));
    o->seed = (uint64_t)seed;
    if (a->split) {
        o->split = TABLE_SPLIT_FRACTION;
        if (number_parse_real(a->split, &o->fraction) != STATUS_OK)
            return status_at(STATUS_CONFIG, "--split");
        if (o->fraction <= 0 || o->fraction >= 1)
            return status_fail(STATUS_CONFIG, "--split: %s is not a fraction between 0 and 1", a->split);
    }
    if (a->split_at) {
        o->split = TABLE_SPLIT_AT;
        TRY(convert_read_int("split-at", a->split_at, 1, &o->split_rows));
    }
    if (a->test_every) {
        o->split = TABLE_SPLIT_EVERY;
        TRY(convert_read_int("test-every", a->test_every, 2, &o->split_rows));
    }
    if (a->test_file) o->split = TABLE_SPLIT_FILE;
    o->test_file = a->test_file;
    return STATUS_OK;
}

static enum status convert_read_labels(const struct arguments *a, struct table_options *o)
{
    static const char *const kinds[] = {"auto", "index", "multilabel", "target", ""};
    int kind;
    TRY(convert_choose("labels", a->labels, kinds, &kind));
    o->labels = (enum table_labels)kind;
    o->target = a->target;
    o->labels_xml = a->labels_xml;
    if (a->label_count) {
        TRY(convert_read_int("label-count", a->label_count, INT32_MIN, &o->label_count));
        if (o->label_count == 0) return status_fail(STATUS_CONFIG, "--label-count: 0 selects no label");
    }
    int given = (a->target != NULL) + (a->labels_xml != NULL) + (a->label_count != NULL);
    bool arff = strcmp(a->words[0], "arff") == 0;
    if (given != 1)
        return status_fail(STATUS_CONFIG, "convert %s: name the columns to predict with %s%s", a->words[0],
                           arff ? "one of --target COLUMNS, --labels-xml FILE and --label-count N"
                                : "--target COLUMNS",
                           arff ? "" : " (names, or numbers from 0)");
    if (a->target) return STATUS_OK;
    if (a->labels && strcmp(a->labels, "multilabel") != 0)
        return status_fail(
            STATUS_CONFIG,
            "--labels-xml and --label-count select labels of 0 and 1 and do not go with --labels %s",
            a->labels);
    o->labels = TABLE_LABELS_MULTILABEL;
    return STATUS_OK;
}

static enum status convert_read_options(const struct arguments *a, struct table_options *o)
{
    static const char *const missing[] = {"error", "mean", "drop", ""},
                             *const headers[] = {"auto", "yes", "no", ""},
                             *const delimiters[] = {"auto", ",", ";", "|", "tab", "blanks", ""};
    int choice;
    *o = (struct table_options){.categorical = a->categorical, .drop = a->drop, .overwrite = a->force};
    TRY(convert_choose("missing", a->missing, missing, &choice));
    o->missing = (enum table_missing)choice;
    TRY(convert_choose("header", a->header, headers, &choice));
    o->header = (enum table_header)choice;
    TRY(convert_choose("delimiter", a->delimiter, delimiters, &choice));
    o->delimiter = "\0,;|\t "[choice];
    o->missing_words = a->missing_words;
    TRY(convert_read_labels(a, o));
    return convert_read_split(a, o);
}

enum status convert_table(struct arguments *a)
{
    struct table_options options;
    struct table_result result;
    bool arff = strcmp(a->words[0], "arff") == 0;
    TRY(convert_read_options(a, &options));
    TRY(table_convert(arff ? TABLE_ARFF : TABLE_CSV, a->words[1], a->words[2], &options, &result));
    if (result.dropped) log_info("dropped %" PRId64 " rows with missing values", result.dropped);
    if (result.filled)
        log_info("filled %" PRId64 " missing values with the mean of their column", result.filled);
    if (options.split == TABLE_SPLIT_NONE)
        log_info("wrote %s: %" PRId64 " rows of %" PRId64 " features, %s", a->words[2], result.rows[0],
                 result.features, result.labels);
    else
        log_info("wrote %s: train %" PRId64 " and test %" PRId64 " rows of %" PRId64 " features, %s",
                 a->words[2], result.rows[0], result.rows[1], result.features, result.labels);
    return STATUS_OK;
}
