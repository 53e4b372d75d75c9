/* labels.c - decides what the targets are: classes, bits or numbers. */
#include <inttypes.h>
#include <stdio.h>

#include "data/convert/table/private.h"
#include "core/number.h"

static enum status table_labels_several_texts(const struct table *t, const struct table_column *c)
{
    char shown[TABLE_SHOW_SIZE];
    return status_fail(STATUS_DATA,
                       "%s: '%s' is one of %" PRId64
                       " targets and holds classes; convert each target by itself "
                       "(--target '%s', --drop for the others), or write classes as columns of 0 and 1",
                       t->path, table_show(c->name, shown), t->target_count, shown);
}

/* Classes are counted from the texts of the cells, also where those are numbers. */
static enum status table_labels_prepare_classes(struct table *t, struct table_column *c)
{
    if (t->target_count > 1) return table_labels_several_texts(t, c);
    c->kind = TABLE_CATEGORY;
    c->declared = c->declared || c->declared_bits;
    return c->dict ? STATUS_OK : table_dict_create(&c->dict);
}

enum status table_labels_prepare(struct table *t)
{
    char shown[TABLE_SHOW_SIZE];
    for (int64_t i = 0; i < t->target_count; i++) {
        struct table_column *c = &t->columns[t->targets[i]];
        if (t->options->labels == TABLE_LABELS_INDEX) {
            TRY(table_labels_prepare_classes(t, c));
        } else if (c->kind == TABLE_CATEGORY && t->options->labels != TABLE_LABELS_AUTO) {
            return status_fail(STATUS_DATA, "%s: attribute '%s' is nominal; its labels are --labels index",
                               t->path, table_show(c->name, shown));
        } else if (c->kind == TABLE_CATEGORY) {
            if (t->target_count > 1) return table_labels_several_texts(t, c);
        } else if (t->options->labels != TABLE_LABELS_AUTO) {
            c->kind = TABLE_NUMBER;
        }
    }
    return STATUS_OK;
}

enum status table_labels_decide(struct table *t, struct table_column *c, const char *text)
{
    double number;
    c->kind = TABLE_NUMBER;
    return number_scan(text, &number) ? STATUS_OK : table_labels_prepare_classes(t, c);
}

static enum status table_labels_finish_classes(struct table *t, struct table_column *c)
{
    const struct table_word *odd;
    char shown[TABLE_SHOW_SIZE];
    enum table_words words = table_dict_words(c->dict, &odd);
    if (words == TABLE_WORDS_NUMBERS && !c->declared)
        return status_fail(STATUS_DATA,
                           "%s: line %" PRId64
                           ", column '%s': '%s' is not an integer, as a class must be; numbers "
                           "as targets are --labels target",
                           t->path, odd->line, table_show(c->name, shown), odd->text);
    if (words == TABLE_WORDS_INTEGERS)
        table_dict_code_by_number(c->dict);
    else if (c->declared)
        table_dict_code_as_added(c->dict);
    else
        table_dict_code_by_bytes(c->dict);
    t->y = TABLE_Y_CLASSES;
    snprintf(t->result->labels, sizeof t->result->labels, "%" PRId64 " class%s", c->dict->codes,
             c->dict->codes == 1 ? "" : "es");
    return STATUS_OK;
}

enum status table_labels_finish(struct table *t)
{
    struct table_column *first = &t->columns[t->targets[0]];
    char *text = t->result->labels;
    size_t size = sizeof t->result->labels;
    if (first->kind == TABLE_CATEGORY) return table_labels_finish_classes(t, first);
    bool bits = true, whole = true;
    for (int64_t i = 0; i < t->target_count; i++) {
        bits = bits && t->columns[t->targets[i]].bits;
        whole = whole && t->columns[t->targets[i]].whole;
    }
    const char *plural = t->target_count == 1 ? "" : "s";
    bool is_bits =
        t->options->labels == TABLE_LABELS_MULTILABEL || (t->options->labels == TABLE_LABELS_AUTO && bits);
    t->y = is_bits ? TABLE_Y_BITS : TABLE_Y_NUMBERS;
    if (is_bits)
        snprintf(text, size, "%" PRId64 " label%s of 0 and 1", t->target_count, plural);
    else if (whole && t->target_count == 1 && t->options->labels == TABLE_LABELS_AUTO)
        snprintf(text, size, "1 target (if these are classes: --labels index)");
    else
        snprintf(text, size, "%" PRId64 " target%s", t->target_count, plural);
    return STATUS_OK;
}
