/* arff_header.c - reads the attributes of an ARFF file. */
#include "data/convert/arff/arff_header.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "data/convert/arff/arff_token.h"
#include "core/mem.h"

enum status arff_fail_line(const struct table_reader *r)
{
    return status_at(STATUS_DATA, "%s: line %" PRId64, r->text.path, r->text.line);
}

static enum status arff_header_add_column(struct table_reader *r, int64_t *room)
{
    if (r->column_count == TABLE_COLUMNS_MAX)
        return status_fail(STATUS_DATA, "has more than %d attributes", TABLE_COLUMNS_MAX);
    if (r->column_count == *room) {
        struct table_column *columns = NULL;
        *room = 2 * *room + 64;
        TRY(mem_alloc(&columns, (size_t)*room, sizeof *columns, "columns"));
        if (r->columns) memcpy(columns, r->columns, (size_t)r->column_count * sizeof *columns);
        mem_free(&r->columns);
        r->columns = columns;
    }
    r->column_count++;
    return STATUS_OK;
}

/* Values up to the closing brace. */
static enum status arff_header_read_values(struct table_reader *r, struct table_column *c, char *at)
{
    struct arff_token token = {.stop = ','};
    char shown[TABLE_SHOW_SIZE];
    TRY(table_dict_create(&c->dict));
    while (token.stop == ',' || token.stop == ' ') {
        TRY(arff_next_token(&at, &token));
        if (!*token.text && !token.quoted) return status_fail(STATUS_DATA, "a declared value is empty");
        TRY(table_check_text(token.text, "value"));
        if (table_dict_find(c->dict, token.text))
            return status_fail(STATUS_DATA, "the value '%s' is declared twice",
                               table_show(token.text, shown));
        if (c->dict->count == TABLE_CATEGORIES_MAX)
            return status_fail(STATUS_DATA, "more than %d values are declared", TABLE_CATEGORIES_MAX);
        if (++r->words > TABLE_WORDS_MAX)
            return status_fail(STATUS_DATA, "the attributes declare more than %d values", TABLE_WORDS_MAX);
        TRY(table_dict_add(c->dict, token.text, r->text.line));
    }
    at = arff_skip_blanks(at);
    if (token.stop != '}' || (*at && *at != '%'))
        return status_fail(STATUS_DATA, "expected values between braces: {a, b, c}");
    return STATUS_OK;
}

/* {0,1} is a number, as in Mulan's files; other values are categories. */
static enum status arff_header_read_nominal(struct table_reader *r, struct table_column *c, char *at)
{
    TRY(arff_header_read_values(r, c, at));
    c->declared_bits = c->dict->count == 2 && table_dict_find(c->dict, "0") && table_dict_find(c->dict, "1");
    c->declared = !c->declared_bits;
    c->kind = c->declared_bits ? TABLE_NUMBER : TABLE_CATEGORY;
    return STATUS_OK;
}

static enum status arff_header_read_type(struct table_column *c, char *at)
{
    static const char *const numbers[] = {"numeric", "real", "integer"}, *const others[] = {"string", "date",
                                                                                            "relational"};
    struct arff_token type;
    char shown[TABLE_SHOW_SIZE];
    TRY(arff_next_token(&at, &type));
    for (int i = 0; i < 3; i++) {
        if (strcasecmp(type.text, numbers[i]) == 0) c->kind = TABLE_NUMBER;
        if (strcasecmp(type.text, others[i]) == 0) c->kind = TABLE_UNUSABLE;
    }
    if (c->kind == TABLE_UNDECIDED)
        return status_fail(STATUS_DATA,
                           "'%s' is no type; there are numeric, real, integer, {values}, string and date",
                           table_show(type.text, shown));
    return STATUS_OK;
}

static enum status arff_header_read_attribute(struct table_reader *r, char *at, int64_t *room)
{
    struct arff_token name;
    TRY(arff_next_token(&at, &name));
    if (!*name.text) return status_fail(STATUS_DATA, "expected @attribute NAME TYPE");
    TRY(table_check_text(name.text, "attribute name"));
    TRY(arff_header_add_column(r, room));
    struct table_column *c = &r->columns[r->column_count - 1];
    TRY(mem_copy_text(&c->name, name.text));
    return name.stop == '{' ? arff_header_read_nominal(r, c, at) : arff_header_read_type(c, at);
}

static enum status arff_header_read_line(struct table_reader *r, char *at, int64_t *room, bool *data)
{
    char shown[TABLE_SHOW_SIZE];
    at = arff_skip_blanks(at);
    size_t length = strcspn(at, " \t\r{");
    *data = length == 5 && strncasecmp(at, "@data", length) == 0;
    if (*at == '\0' || *at == '%' || *data) return STATUS_OK;
    if (length == 9 && strncasecmp(at, "@relation", length) == 0) return STATUS_OK;
    if (length == 10 && strncasecmp(at, "@attribute", length) == 0)
        return arff_header_read_attribute(r, at + length, room);
    return status_fail(STATUS_DATA,
                       "expected @relation, @attribute or @data, not '%s'; is this an ARFF file?",
                       table_show(at, shown));
}

enum status arff_read_header(struct table_reader *r)
{
    int64_t room = 0;
    for (bool data = false; !data;) {
        char *line;
        TRY(table_text_line(&r->text, &line));
        if (!line) return status_fail(STATUS_DATA, "%s: has no @data", r->text.path);
        if (arff_header_read_line(r, line, &room, &data) != STATUS_OK) return arff_fail_line(r);
    }
    if (r->column_count > 0) return STATUS_OK;
    return status_fail(STATUS_DATA, "%s: declares no attribute", r->text.path);
}
