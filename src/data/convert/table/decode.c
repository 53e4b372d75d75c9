/* decode.c - turns the cells of a row into numbers. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <strings.h>

#include "data/convert/table/private.h"
#include "core/number.h"

enum status table_fail_cell(const struct table_reader *r, const char *column)
{
    char shown[TABLE_SHOW_SIZE];
    return status_at(STATUS_DATA, "%s: line %" PRId64 ", column '%s'", r->text.path, r->line,
                     table_show(column, shown));
}

static bool table_decode_misses_any(const struct table *t, const struct table_reader *r)
{
    for (int64_t i = 0; i < t->feature_count; i++)
        if (!r->cells[t->features[i]]) return true;
    for (int64_t i = 0; i < t->target_count; i++)
        if (!r->cells[t->targets[i]]) return true;
    return false;
}

static enum status table_decode_take_missing(const struct table *t, struct table_column *c, double *value)
{
    *value = NAN;
    c->has_missing = true;
    if (c->role == TABLE_TARGET)
        return status_fail(STATUS_DATA, "a target is missing; --missing drop leaves such rows out");
    if (c->kind == TABLE_CATEGORY || c->declared_bits)
        return status_fail(STATUS_DATA, "a category is missing, and categories have no mean; --missing drop "
                                        "leaves such rows out");
    if (t->options->missing == TABLE_MISSING_ERROR)
        return status_fail(STATUS_DATA,
                           "a value is missing; use --missing mean, or --missing drop to leave such "
                           "rows out");
    return STATUS_OK;
}

static enum status table_decode_not_a_number(const struct table *t, const struct table_column *c,
                                             const char *text)
{
    char shown[TABLE_SHOW_SIZE], name[TABLE_SHOW_SIZE];
    table_show(text, shown);
    table_show(c->name, name);
    if (c->role == TABLE_TARGET && t->options->labels == TABLE_LABELS_AUTO && c->seen)
        return status_fail(STATUS_DATA,
                           "'%s' is not a number, but line %" PRId64
                           " of %s holds one; if both are classes, use --labels index",
                           shown, c->first_line, t->path);
    if (c->role == TABLE_TARGET || c->declared || c->declared_bits || t->format == &table_arff)
        return status_fail(STATUS_DATA, "'%s' is not a number", shown);
    return status_fail(STATUS_DATA, "'%s' is not a number; for text use --categorical '%s' or --drop '%s'",
                       shown, name, name);
}

/* True and False, as Python and R write them. */
static bool table_decode_is_boolean(const char *text, double *value)
{
    if (strcasecmp(text, "true") != 0 && strcasecmp(text, "false") != 0) return false;
    *value = strcasecmp(text, "true") == 0;
    return true;
}

static enum status table_decode_take_number(const struct table *t, struct table_column *c, const char *text,
                                            double *value)
{
    char shown[TABLE_SHOW_SIZE];
    if (!table_decode_is_boolean(text, value) && !number_scan(text, value))
        return table_decode_not_a_number(t, c, text);
    if (!isfinite((float)*value))
        return status_fail(STATUS_DATA, "'%s' is beyond float32", table_show(text, shown));
    bool bit = *value == 0 || *value == 1;
    bool must =
        c->declared_bits || (c->role == TABLE_TARGET && t->options->labels == TABLE_LABELS_MULTILABEL);
    if (must && c->role == TABLE_TARGET && (*value == 0 || *value == -1)) {
        if (*value == 0)
            c->zero = true;
        else
            c->minus = true;
        if (c->zero && c->minus)
            return status_fail(STATUS_DATA, "'%s' beside %s: a label is 0 or 1, or -1 or 1",
                               table_show(text, shown), *value == 0 ? "-1" : "0");
        *value = 0;
        bit = true;
    }
    if (must && !bit)
        return status_fail(STATUS_DATA, "'%s' is neither 0 nor 1%s", table_show(text, shown),
                           c->role == TABLE_TARGET ? ", as a label must be" : "");
    c->whole = c->whole && *value == floor(*value);
    c->bits = c->bits && bit;
    return STATUS_OK;
}

static enum status table_decode_unknown_word(const struct table *t, const struct table_column *c,
                                             const char *text)
{
    char shown[TABLE_SHOW_SIZE];
    table_show(text, shown);
    if (c->declared)
        return status_fail(STATUS_DATA, "'%s' is not among the values declared in %s", shown, t->path);
    return status_fail(STATUS_DATA, "'%s' does not occur in %s", shown, t->path);
}

static enum status table_decode_learn_word(struct table *t, const struct table_reader *r,
                                           struct table_column *c, const char *text)
{
    bool is_class = c->role == TABLE_TARGET;
    double number;
    TRY(table_check_text(text, is_class ? "class" : "category"));
    if (is_class && t->options->labels == TABLE_LABELS_AUTO && number_scan(text, &number)) {
        char shown[TABLE_SHOW_SIZE];
        return status_fail(STATUS_DATA,
                           "'%s' is a number, but line %" PRId64
                           " of %s holds a text; if both are classes, use --labels index",
                           table_show(text, shown), c->first_line, t->path);
    }
    if (c->dict->count == TABLE_CATEGORIES_MAX)
        return status_fail(STATUS_DATA, "has more than %d different %s%s", TABLE_CATEGORIES_MAX,
                           is_class ? "classes" : "categories",
                           is_class ? "; if it is a number, use --labels target"
                                    : "; leave it out with --drop");
    if (++t->words > TABLE_WORDS_MAX)
        return status_fail(STATUS_DATA,
                           "all columns together have more than %d categories; leave some out with --drop",
                           TABLE_WORDS_MAX);
    return table_dict_add(c->dict, text, r->line);
}

static enum status table_decode_take_word(struct table *t, const struct table_reader *r,
                                          struct table_column *c, const char *text, bool learn, double *value)
{
    struct table_word *word = table_dict_find(c->dict, text);
    if (!word && (c->declared || !learn)) return table_decode_unknown_word(t, c, text);
    if (!word) return table_decode_learn_word(t, r, c, text);
    *value = (double)word->code;
    return STATUS_OK;
}

static enum status table_decode_take_cell(struct table *t, const struct table_reader *r, int64_t at,
                                          bool learn)
{
    struct table_column *c = &t->columns[at];
    const char *text = r->cells[at];
    if (!text) return table_decode_take_missing(t, c, &t->values[at]);
    if (!c->seen) {
        c->first_line = r->line;
        c->whole = c->bits = true;
        if (c->kind == TABLE_UNDECIDED) TRY(table_labels_decide(t, c, text));
    }
    TRY(c->kind == TABLE_NUMBER ? table_decode_take_number(t, c, text, &t->values[at])
                                : table_decode_take_word(t, r, c, text, learn, &t->values[at]));
    c->seen = true;
    return STATUS_OK;
}

static enum status table_decode_take_columns(struct table *t, const struct table_reader *r,
                                             const int64_t *columns, int64_t count, bool learn)
{
    for (int64_t i = 0; i < count; i++)
        if (table_decode_take_cell(t, r, columns[i], learn) != STATUS_OK)
            return table_fail_cell(r, t->columns[columns[i]].name);
    return STATUS_OK;
}

enum status table_decode(struct table *t, const struct table_reader *r, bool learn, bool *keep)
{
    *keep = t->options->missing != TABLE_MISSING_DROP || !table_decode_misses_any(t, r);
    if (!*keep) return STATUS_OK;
    TRY(table_decode_take_columns(t, r, t->features, t->feature_count, learn));
    return table_decode_take_columns(t, r, t->targets, t->target_count, learn);
}
