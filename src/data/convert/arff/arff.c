/* arff.c - reads the rows of ARFF files, dense and sparse, and marks which attributes are labels. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "data/convert/arff/arff_header.h"
#include "data/convert/arff/arff_token.h"
#include "data/convert/arff/arff_xml.h"
#include "core/mem.h"
#include "core/number.h"

/* ---- labels ---- */

/* Marks the attributes with these names; word->code counts the attributes a name has found. */
static enum status arff_mark_words(struct table_reader *r, const struct table_dict *words)
{
    char shown[TABLE_SHOW_SIZE];
    for (int64_t c = 0; c < r->column_count; c++) {
        struct table_word *word = table_dict_find(words, r->columns[c].name);
        r->columns[c].is_label = word != NULL;
        if (word) word->code++;
    }
    for (int64_t i = 0; i < words->count; i++)
        if (words->words[i].code != 1)
            return status_fail(STATUS_DATA, "%s: label '%s' is the name of %s of %s", r->options->labels_xml,
                               table_show(words->words[i].text, shown),
                               words->words[i].code ? "several attributes" : "no attribute", r->text.path);
    return STATUS_OK;
}

static enum status arff_collect_words(struct table_dict *words, const char *path, char *const *names,
                                      int64_t count)
{
    char shown[TABLE_SHOW_SIZE];
    for (int64_t i = 0; i < count; i++) {
        if (table_dict_find(words, names[i]))
            return status_fail(STATUS_DATA, "%s: label '%s' is there twice", path,
                               table_show(names[i], shown));
        TRY(table_dict_add(words, names[i], 0));
    }
    return STATUS_OK;
}

static enum status arff_mark_xml(struct table_reader *r)
{
    struct table_dict *words = NULL;
    char **names = NULL;
    int64_t count = 0;
    TRY(table_dict_create(&words));
    enum status status = arff_xml_labels(r->options->labels_xml, &names, &count);
    if (status == STATUS_OK) status = arff_collect_words(words, r->options->labels_xml, names, count);
    if (status == STATUS_OK) status = arff_mark_words(r, words);
    table_dict_destroy(&words);
    mem_free(&names);
    return status;
}

static enum status arff_mark_count(struct table_reader *r)
{
    int64_t wanted = r->options->label_count, count = llabs(wanted);
    if (count >= r->column_count)
        return status_fail(STATUS_CONFIG, "--label-count %" PRId64 ": %s has only %" PRId64 " attributes",
                           wanted, r->text.path, r->column_count);
    for (int64_t i = 0; i < count; i++) r->columns[wanted < 0 ? i : r->column_count - 1 - i].is_label = true;
    return STATUS_OK;
}

static enum status arff_open(struct table_reader *r)
{
    TRY(arff_read_header(r));
    if (r->options->labels_xml) TRY(arff_mark_xml(r));
    if (r->options->label_count) TRY(arff_mark_count(r));
    return mem_alloc(&r->cells, (size_t)r->column_count, sizeof *r->cells, "cells");
}

/* ---- rows ---- */

static const char *arff_cell_of(const struct arff_token *token)
{
    return !token->quoted && strcmp(token->text, "?") == 0 ? NULL : token->text;
}

static enum status arff_read_dense(struct table_reader *r, char *at)
{
    struct arff_token token = {.stop = ','};
    int64_t count = 0;
    for (; token.stop == ',' || token.stop == ' '; count++) {
        TRY(arff_next_token(&at, &token));
        if (!*token.text && !token.quoted)
            return status_fail(STATUS_DATA, "cell %" PRId64 " is empty; a missing value is written ?",
                               count + 1);
        if (count < r->column_count) r->cells[count] = arff_cell_of(&token);
    }
    if (token.stop) return status_fail(STATUS_DATA, "a brace within a row (weights of rows cannot be read)");
    if (count != r->column_count)
        return status_fail(STATUS_DATA, "has %" PRId64 " cells where there are %" PRId64 " attributes", count,
                           r->column_count);
    return STATUS_OK;
}

static enum status arff_read_index(const struct table_reader *r, const char *text, int64_t *last)
{
    char shown[TABLE_SHOW_SIZE];
    int64_t index = *text ? table_list_number(text) : -1;
    if (index < 0 || index >= r->column_count)
        return status_fail(STATUS_DATA, "'%s' is no number of an attribute (0 to %" PRId64 ")",
                           table_show(text, shown), r->column_count - 1);
    if (index <= *last)
        return status_fail(STATUS_DATA,
                           "the numbers of the attributes do not ascend (%" PRId64 " after %" PRId64 ")",
                           index, *last);
    *last = index;
    return STATUS_OK;
}

/* What a sparse row leaves out is 0, and the first value of a nominal attribute. */
static void arff_put_defaults(struct table_reader *r)
{
    for (int64_t c = 0; c < r->column_count; c++)
        r->cells[c] = r->columns[c].dict ? r->columns[c].dict->words[0].text : "0";
}

static enum status arff_read_sparse(struct table_reader *r, char *at)
{
    struct arff_token token = {.stop = ','};
    int64_t last = -1;
    arff_put_defaults(r);
    at = arff_skip_blanks(at);
    if (*at == '}') {
        token.stop = '}';
        at++;
    }
    while (token.stop == ',') {
        TRY(arff_next_token(&at, &token));
        TRY(arff_read_index(r, token.text, &last));
        if (token.stop != ' ') return status_fail(STATUS_DATA, "expected NUMBER VALUE in a sparse row");
        TRY(arff_next_token(&at, &token));
        if (!*token.text && !token.quoted)
            return status_fail(STATUS_DATA, "expected NUMBER VALUE in a sparse row");
        r->cells[last] = arff_cell_of(&token);
    }
    if (token.stop == '}' && !*arff_skip_blanks(at)) return STATUS_OK;
    return status_fail(STATUS_DATA, "a sparse row is {NUMBER VALUE, NUMBER VALUE, ...} and nothing else");
}

static enum status arff_next_row(struct table_reader *r, bool *end)
{
    char *line;
    do {
        TRY(table_text_line(&r->text, &line));
        *end = line == NULL;
        if (*end) return STATUS_OK;
        line = arff_skip_blanks(line);
    } while (*line == '\0' || *line == '%');
    r->line = r->text.line;
    enum status status = *line == '{' ? arff_read_sparse(r, line + 1) : arff_read_dense(r, line);
    return status == STATUS_OK ? STATUS_OK : arff_fail_line(r);
}

const struct table_format_ops table_arff = {
    .open = arff_open, .next = arff_next_row, .words_as_declared = true};
