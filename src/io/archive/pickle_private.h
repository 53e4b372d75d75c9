/* pickle_private.h - the values of a pickle, and what its classes make of them. */
#ifndef IO_ARCHIVE_PICKLE_PRIVATE_H
#define IO_ARCHIVE_PICKLE_PRIVATE_H

#include "io/archive/pickle.h"

enum pickle_kind {
    PICKLE_NONE, /* also of what does not matter, such as real numbers */
    PICKLE_INT,  /* also True and False */
    PICKLE_TEXT,
    PICKLE_TUPLE,
    PICKLE_LIST,
    PICKLE_DICT, /* its items are keys and values in turn */
    PICKLE_CLASS,
    PICKLE_STORAGE,
    PICKLE_TENSOR,
};

struct pickle_value {
    enum pickle_kind kind;
    int first, last, count; /* items, as indices into `items`; -1 if there are none */
    int64_t whole;          /* number; what a class makes; numbers in a storage */
    const char *text;       /* [length]: text; name of a class, or of the class of a storage */
    int64_t length;
    int parts[4]; /* values: of a storage its key; of a tensor its storage, offset, sizes, strides */
};

struct pickle_item {
    int value, next; /* next is -1 at the end */
};

struct pickle {
    const uint8_t *at, *end; /* of the bytes that are left */
    struct pickle_value *values;
    struct pickle_item *items;
    int *stack, *memo; /* of values; on the stack a mark as well */
    int value_count, item_count, stack_count, memo_count;
    int root;
};

/* pickle_class.c: the classes of a state_dict. The first fills in a class by its name, the second calls one, the third
 * makes a storage of what is said about it. Errors: STATUS_DATA, with the name of one that is not known. */
enum status pickle_set_class(struct pickle_value *v, const char *module, int module_length, const char *name,
                             int name_length);
enum status pickle_make(const struct pickle *p, int called, int arguments, struct pickle_value *made);
enum status pickle_make_storage(const struct pickle *p, int facts, struct pickle_value *made);

#endif
