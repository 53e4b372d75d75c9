/* dict.h - the different texts of a column, each with a code: categories and classes. */
#ifndef DATA_CONVERT_TABLE_DICT_H
#define DATA_CONVERT_TABLE_DICT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

struct table_word {
    char *text;
    int64_t line;  /* of the file, where it was met first */
    int64_t code;  /* given by the functions below */
    double number; /* for table_dict_words */
};

struct table_dict {
    int64_t count, room;
    struct table_word *words;
    int64_t slot_count; /* a power of two, at least twice the room */
    int32_t *slots;     /* hash table of positions in words, -1 = free */
    int64_t codes;
};

enum status table_dict_create(struct table_dict **out);
void table_dict_destroy(struct table_dict **d);

/* The word with this text, or NULL. */
struct table_word *table_dict_find(const struct table_dict *d, const char *text);

/* A word that is not there yet. */
enum status table_dict_add(struct table_dict *d, const char *text, int64_t line);

/* Codes 0, 1, ... in the order of adding, or of the texts' bytes. */
void table_dict_code_as_added(struct table_dict *d);
void table_dict_code_by_bytes(struct table_dict *d);

/* Whether all words are integers, or at least numbers; *odd is the first that is a number but no integer. */
enum table_words { TABLE_WORDS_TEXTS, TABLE_WORDS_NUMBERS, TABLE_WORDS_INTEGERS };
enum table_words table_dict_words(struct table_dict *d, const struct table_word **odd);

/* After it found integers: codes in ascending order, the same for "1" and "1.0". */
void table_dict_code_by_number(struct table_dict *d);

/* The first word of each code, [d->codes]; released with mem_free. */
enum status table_dict_names(const struct table_dict *d, const char ***names);

#endif
