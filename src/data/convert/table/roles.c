/* roles.c - decides which column is a feature, a target, or dropped. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "data/convert/table/private.h"
#include "core/mem.h"

#define LIST_SIZE 400

/* "a, b, c, ..." */
static const char *table_roles_list_names(const struct table *t, char list[LIST_SIZE])
{
    size_t used = 0;
    list[0] = '\0';
    for (int64_t c = 0; c < t->column_count; c++) {
        char shown[TABLE_SHOW_SIZE];
        table_show(t->columns[c].name, shown);
        if (used + strlen(shown) + sizeof ", ..." > LIST_SIZE) {
            snprintf(list + used, LIST_SIZE - used, ", ...");
            break;
        }
        used += (size_t)snprintf(list + used, LIST_SIZE - used, "%s%s", c ? ", " : "", shown);
    }
    return list;
}

/* A name goes before a number: a column may be called "3". */
static enum status table_roles_find_column(const struct table *t, const char *flag, const char *entry,
                                           int64_t *found)
{
    char shown[TABLE_SHOW_SIZE], list[LIST_SIZE];
    int64_t matches = 0, number = table_list_number(entry);
    for (int64_t c = t->column_count - 1; c >= 0; c--)
        if (strcmp(t->columns[c].name, entry) == 0) {
            *found = c;
            matches++;
        }
    if (matches == 1) return STATUS_OK;
    if (matches > 1)
        return status_fail(STATUS_CONFIG,
                           "--%s: %s: %" PRId64
                           " columns are called '%s'; give its number, from 0 (the first is %" PRId64 ")",
                           flag, t->path, matches, table_show(entry, shown), *found);
    *found = number;
    if (number >= 0 && number < t->column_count) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "--%s: %s: no column '%s'; there are %" PRId64 ": %s", flag, t->path,
                       table_show(entry, shown), t->column_count, table_roles_list_names(t, list));
}

enum mark { MARK_TARGET = 1, MARK_CATEGORICAL = 2, MARK_DROP = 4 };
static const char *const flag_names[] = {
    [MARK_TARGET] = "target", [MARK_CATEGORICAL] = "categorical", [MARK_DROP] = "drop"};

static enum status table_roles_mark_columns(const struct table *t, enum mark mark, char *const *entries,
                                            int64_t count, unsigned char *marks)
{
    char shown[TABLE_SHOW_SIZE];
    for (int64_t i = 0; i < count; i++) {
        int64_t c = 0;
        TRY(table_roles_find_column(t, flag_names[mark], entries[i], &c));
        if (marks[c] == mark)
            return status_fail(STATUS_CONFIG, "--%s names column '%s' twice", flag_names[mark],
                               table_show(t->columns[c].name, shown));
        if (marks[c])
            return status_fail(STATUS_CONFIG, "column '%s' is named by --%s and by --%s",
                               table_show(t->columns[c].name, shown), flag_names[marks[c]], flag_names[mark]);
        marks[c] = (unsigned char)mark;
    }
    return STATUS_OK;
}

static enum status table_roles_mark_list(const struct table *t, enum mark mark, const char *list,
                                         unsigned char *marks)
{
    char **entries = NULL;
    int64_t count = 0;
    if (!list) return STATUS_OK;
    TRY(table_list_split(flag_names[mark], list, &entries, &count));
    enum status status = table_roles_mark_columns(t, mark, entries, count, marks);
    mem_free(&entries);
    return status;
}

static enum status table_roles_mark_all(struct table *t, unsigned char *marks)
{
    for (int64_t c = 0; c < t->column_count; c++)
        if (t->columns[c].is_label) marks[c] = MARK_TARGET;
    TRY(table_roles_mark_list(t, MARK_TARGET, t->options->target, marks));
    TRY(table_roles_mark_list(t, MARK_CATEGORICAL, t->options->categorical, marks));
    return table_roles_mark_list(t, MARK_DROP, t->options->drop, marks);
}

static enum status table_roles_take_roles(struct table *t, const unsigned char *marks)
{
    char shown[TABLE_SHOW_SIZE];
    for (int64_t i = 0; i < t->column_count; i++) {
        struct table_column *c = &t->columns[i];
        c->role = marks[i] == MARK_TARGET ? TABLE_TARGET
                  : marks[i] == MARK_DROP ? TABLE_DROPPED
                                          : TABLE_FEATURE;
        if (c->role == TABLE_DROPPED) continue;
        if (c->kind == TABLE_UNUSABLE)
            return status_fail(STATUS_CONFIG,
                               "%s: attribute '%s' is neither a number nor nominal; leave it out with --drop",
                               t->path, table_show(c->name, shown));
        if (marks[i] == MARK_CATEGORICAL) {
            c->kind = TABLE_CATEGORY;
            c->declared = c->declared || c->declared_bits;
            if (!c->dict) TRY(table_dict_create(&c->dict));
        }
        if (c->role == TABLE_FEATURE && c->kind == TABLE_UNDECIDED) c->kind = TABLE_NUMBER;
        if (c->role == TABLE_FEATURE)
            t->features[t->feature_count++] = i;
        else
            t->targets[t->target_count++] = i;
    }
    if (t->target_count == 0)
        return status_fail(STATUS_CONFIG, "%s: no target is named; name the columns with --target", t->path);
    if (t->feature_count == 0)
        return status_fail(STATUS_CONFIG, "%s: no column is left for the features", t->path);
    return STATUS_OK;
}

enum status table_assign_roles(struct table *t)
{
    unsigned char *marks = NULL;
    TRY(mem_alloc(&marks, (size_t)t->column_count, 1, "columns"));
    enum status status = table_roles_mark_all(t, marks);
    if (status == STATUS_OK)
        status = mem_alloc(&t->features, (size_t)t->column_count, sizeof *t->features, "columns");
    if (status == STATUS_OK)
        status = mem_alloc(&t->targets, (size_t)t->column_count, sizeof *t->targets, "columns");
    if (status == STATUS_OK) status = table_roles_take_roles(t, marks);
    mem_free(&marks);
    return status;
}
