/* pickle_class.c - the classes and functions that the pickle of a state_dict may name, and what they make. */
#include <string.h>

#include "io/archive/pickle_private.h"

enum makes { MAKES_DICT, MAKES_TENSOR, MAKES_PARAMETER, MAKES_STORAGE };

static const struct {
    const char *module, *name;
    enum makes makes;
} classes[] = {
    {"collections", "OrderedDict", MAKES_DICT},
    {"torch._utils", "_rebuild_tensor_v2", MAKES_TENSOR},
    {"torch._utils", "_rebuild_parameter", MAKES_PARAMETER},
    {"torch", "FloatStorage", MAKES_STORAGE},
    {"torch", "HalfStorage", MAKES_STORAGE},
    {"torch", "BFloat16Storage", MAKES_STORAGE},
    {"torch", "DoubleStorage", MAKES_STORAGE},
    {"torch", "LongStorage", MAKES_STORAGE},
    {"torch", "IntStorage", MAKES_STORAGE},
    {"torch", "ShortStorage", MAKES_STORAGE},
    {"torch", "CharStorage", MAKES_STORAGE},
    {"torch", "ByteStorage", MAKES_STORAGE},
    {"torch", "BoolStorage", MAKES_STORAGE},
    {"torch", "ComplexFloatStorage", MAKES_STORAGE},
    {"torch", "ComplexDoubleStorage", MAKES_STORAGE},
};

static bool class_is(const char *text, int length, const char *word)
{
    return strlen(word) == (size_t)length && memcmp(text, word, (size_t)length) == 0;
}

enum status pickle_set_class(struct pickle_value *v, const char *module, int module_length, const char *name,
                             int name_length)
{
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (class_is(module, module_length, classes[i].module) &&
            class_is(name, name_length, classes[i].name)) {
            v->whole = classes[i].makes;
            v->text = classes[i].name;
            v->length = name_length;
            return STATUS_OK;
        }
    return status_fail(
        STATUS_DATA,
        "needs the Python class %.*s.%.*s, which is no part of a state_dict and is not "
        "executed here: save model.state_dict() alone, with torch.save(model.state_dict(), FILE)",
        module_length < 100 ? module_length : 100, module, name_length < 100 ? name_length : 100, name);
}

static enum status class_fail(const char *what)
{
    return status_fail(STATUS_DATA, "its data.pkl is damaged: %s", what);
}

/* The first `count` items of a tuple that has at least `least` of them; missing ones are -1. */
static bool class_unpack(const struct pickle *p, int tuple, int least, int count, int items[])
{
    const struct pickle_value *v = &p->values[tuple];
    if (v->kind != PICKLE_TUPLE || v->count < least) return false;
    int item = v->first;
    for (int i = 0; i < count; i++) {
        items[i] = item < 0 ? -1 : p->items[item].value;
        item = item < 0 ? -1 : p->items[item].next;
    }
    return true;
}

static bool class_is_kind(const struct pickle *p, int value, enum pickle_kind kind)
{
    return p->values[value].kind == kind;
}

enum status pickle_make(const struct pickle *p, int called, int arguments, struct pickle_value *made)
{
    int items[4];
    const struct pickle_value *class = &p->values[called];
    if (class->kind != PICKLE_CLASS || !class_is_kind(p, arguments, PICKLE_TUPLE))
        return class_fail("it calls what is no class");
    *made = (struct pickle_value){.kind = PICKLE_DICT, .first = -1, .last = -1};
    switch ((enum makes) class->whole) {
    case MAKES_DICT:
        return p->values[arguments].count == 0 ? STATUS_OK : class_fail("an OrderedDict with arguments");
    case MAKES_TENSOR:
        if (!class_unpack(p, arguments, 4, 4, items) || !class_is_kind(p, items[0], PICKLE_STORAGE) ||
            !class_is_kind(p, items[1], PICKLE_INT) || !class_is_kind(p, items[2], PICKLE_TUPLE) ||
            !class_is_kind(p, items[3], PICKLE_TUPLE))
            return class_fail("a tensor without storage or shape");
        made->kind = PICKLE_TENSOR;
        memcpy(made->parts, items, sizeof made->parts);
        return STATUS_OK;
    case MAKES_PARAMETER:
        if (!class_unpack(p, arguments, 1, 1, items) || !class_is_kind(p, items[0], PICKLE_TENSOR))
            return class_fail("a parameter without a tensor");
        *made = p->values[items[0]];
        return STATUS_OK;
    default:
        return class_fail("it calls a storage");
    }
}

/* ("storage", class, key, where it was, numbers in it). */
enum status pickle_make_storage(const struct pickle *p, int facts, struct pickle_value *made)
{
    int items[5];
    if (!class_unpack(p, facts, 5, 5, items) || !class_is_kind(p, items[1], PICKLE_CLASS) ||
        p->values[items[1]].whole != MAKES_STORAGE || !class_is_kind(p, items[2], PICKLE_TEXT) ||
        !class_is_kind(p, items[4], PICKLE_INT))
        return class_fail("a storage without class, key or length");
    const struct pickle_value *class = &p->values[items[1]];
    *made = (struct pickle_value){.kind = PICKLE_STORAGE,
                                  .first = -1,
                                  .last = -1,
                                  .text = class->text,
                                  .length = class->length,
                                  .whole = p->values[items[4]].whole,
                                  .parts = {items[2]}};
    return STATUS_OK;
}
