/* dict.c - numbers the different texts of a column. */
#include "data/convert/table/dict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/hash.h"
#include "core/mem.h"
#include "core/number.h"

#define FIRST_ROOM 4
#define INT_EXACT  9007199254740992.0 /* 2^53: integers up to here are exact doubles */

static int64_t table_dict_slot_of(const struct table_dict *d, const char *text)
{
    struct hash h;
    hash_begin(&h);
    hash_add(&h, text, strlen(text));
    int64_t mask = d->slot_count - 1, slot = (int64_t)(hash_end(&h) & (uint64_t)mask);
    while (d->slots[slot] >= 0 && strcmp(d->words[d->slots[slot]].text, text) != 0) slot = (slot + 1) & mask;
    return slot;
}

static void table_dict_fill_slots(struct table_dict *d)
{
    for (int64_t i = 0; i < d->slot_count; i++) d->slots[i] = -1;
    for (int64_t i = 0; i < d->count; i++) d->slots[table_dict_slot_of(d, d->words[i].text)] = (int32_t)i;
}

static enum status table_dict_grow(struct table_dict *d)
{
    int64_t room = d->room ? 2 * d->room : FIRST_ROOM;
    struct table_word *words = NULL;
    int32_t *slots = NULL;
    TRY(mem_alloc(&words, (size_t)room, sizeof *words, "categories"));
    enum status status = mem_alloc(&slots, 2 * (size_t)room, sizeof *slots, "categories");
    if (status != STATUS_OK) {
        mem_free(&words);
        return status;
    }
    if (d->count) memcpy(words, d->words, (size_t)d->count * sizeof *words);
    mem_free(&d->words);
    mem_free(&d->slots);
    d->words = words;
    d->slots = slots;
    d->room = room;
    d->slot_count = 2 * room;
    table_dict_fill_slots(d);
    return STATUS_OK;
}

enum status table_dict_create(struct table_dict **out)
{
    TRY(mem_alloc(out, 1, sizeof **out, "categories"));
    enum status status = table_dict_grow(*out);
    if (status != STATUS_OK) table_dict_destroy(out);
    return status;
}

void table_dict_destroy(struct table_dict **d)
{
    if (!*d) return;
    for (int64_t i = 0; i < (*d)->count; i++) mem_free(&(*d)->words[i].text);
    mem_free(&(*d)->words);
    mem_free(&(*d)->slots);
    mem_free(d);
}

struct table_word *table_dict_find(const struct table_dict *d, const char *text)
{
    int32_t at = d->slots[table_dict_slot_of(d, text)];
    return at < 0 ? NULL : &d->words[at];
}

enum status table_dict_add(struct table_dict *d, const char *text, int64_t line)
{
    if (d->count == d->room) TRY(table_dict_grow(d));
    struct table_word *word = &d->words[d->count];
    *word = (struct table_word){.line = line};
    TRY(mem_copy_text(&word->text, text));
    d->slots[table_dict_slot_of(d, text)] = (int32_t)d->count++;
    return STATUS_OK;
}

void table_dict_code_as_added(struct table_dict *d)
{
    for (int64_t i = 0; i < d->count; i++) d->words[i].code = i;
    d->codes = d->count;
}

static int table_dict_by_bytes(const void *a, const void *b)
{
    return strcmp(((const struct table_word *)a)->text, ((const struct table_word *)b)->text);
}

void table_dict_code_by_bytes(struct table_dict *d)
{
    qsort(d->words, (size_t)d->count, sizeof *d->words, table_dict_by_bytes);
    table_dict_fill_slots(d);
    table_dict_code_as_added(d);
}

static int table_dict_by_number(const void *a, const void *b)
{
    double x = ((const struct table_word *)a)->number, y = ((const struct table_word *)b)->number;
    return x < y ? -1 : x > y ? 1 : table_dict_by_bytes(a, b);
}

enum table_words table_dict_words(struct table_dict *d, const struct table_word **odd)
{
    bool numbers = true;
    *odd = NULL;
    for (int64_t i = 0; i < d->count; i++) {
        struct table_word *word = &d->words[i];
        numbers = numbers && number_scan(word->text, &word->number);
        bool integer = numbers && word->number == floor(word->number) && fabs(word->number) <= INT_EXACT;
        if (numbers && !integer && (!*odd || word->line < (*odd)->line)) *odd = word;
    }
    return !numbers ? TABLE_WORDS_TEXTS : *odd ? TABLE_WORDS_NUMBERS : TABLE_WORDS_INTEGERS;
}

void table_dict_code_by_number(struct table_dict *d)
{
    qsort(d->words, (size_t)d->count, sizeof *d->words, table_dict_by_number);
    table_dict_fill_slots(d);
    d->codes = 0;
    for (int64_t i = 0; i < d->count; i++) {
        if (i == 0 || d->words[i].number != d->words[i - 1].number) d->codes++;
        d->words[i].code = d->codes - 1;
    }
}

enum status table_dict_names(const struct table_dict *d, const char ***names)
{
    TRY(mem_alloc(names, (size_t)d->codes, sizeof **names, "names"));
    for (int64_t i = d->count - 1; i >= 0; i--) (*names)[d->words[i].code] = d->words[i].text;
    return STATUS_OK;
}
