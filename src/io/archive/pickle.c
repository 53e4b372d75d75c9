/* pickle.c - the machine that a pickle is a program for. */
#include "io/archive/pickle.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "io/archive/pickle_code.h"
#include "io/archive/pickle_private.h"

#define MARK      (-1)
#define BYTES_MAX ((int64_t)4 << 20) /* of a pickle: some 20000 tensors */
#define PROTOCOL  5                  /* the newest that there is */

static enum status pickle_fail(const char *what)
{
    return status_fail(STATUS_DATA, "its data.pkl is damaged: %s", what);
}

/* Takes the next `bytes` of the program. */
static enum status pickle_take(struct pickle *p, int64_t bytes, const uint8_t **out)
{
    *out = p->at;
    if (bytes > p->end - p->at) return pickle_fail("it ends too early");
    p->at += bytes;
    return STATUS_OK;
}

/* Takes a little-endian number; with 8 bytes and as LONG1 it has a sign. */
static enum status pickle_take_number(struct pickle *p, int bytes, int64_t *number)
{
    const uint8_t *raw;
    uint64_t value = 0;
    TRY(pickle_take(p, bytes, &raw));
    for (int i = bytes - 1; i >= 0; i--) value = value << 8 | raw[i];
    *number = (int64_t)value;
    return STATUS_OK;
}

static void pickle_push(struct pickle *p, int value)
{
    p->stack[p->stack_count++] = value;
}

static struct pickle_value *pickle_push_new(struct pickle *p, enum pickle_kind kind)
{
    struct pickle_value *v = &p->values[p->value_count];
    *v = (struct pickle_value){.kind = kind, .first = -1, .last = -1};
    pickle_push(p, p->value_count++);
    return v;
}

static enum status pickle_push_int(struct pickle *p, int bytes, int64_t least)
{
    int64_t whole;
    TRY(pickle_take_number(p, bytes, &whole));
    if (bytes > 0 && bytes < 8 && least < 0) /* has a sign */
        whole -= whole >> (8 * bytes - 1) << 8 * bytes;
    pickle_push_new(p, PICKLE_INT)->whole = whole;
    return STATUS_OK;
}

static enum status pickle_push_long(struct pickle *p)
{
    int64_t bytes;
    TRY(pickle_take_number(p, 1, &bytes));
    if (bytes > 8) return pickle_fail("a number has more than 8 bytes");
    return pickle_push_int(p, (int)bytes, -1);
}

static enum status pickle_push_text(struct pickle *p, int bytes)
{
    int64_t length;
    const uint8_t *text;
    TRY(pickle_take_number(p, bytes, &length));
    TRY(pickle_take(p, length, &text));
    struct pickle_value *v = pickle_push_new(p, PICKLE_TEXT);
    v->text = (const char *)text;
    v->length = length;
    return STATUS_OK;
}

static enum status pickle_pop(struct pickle *p, int *value)
{
    *value = 0;
    if (p->stack_count == 0 || p->stack[p->stack_count - 1] == MARK)
        return pickle_fail("it takes a value that is not there");
    *value = p->stack[--p->stack_count];
    return STATUS_OK;
}

static void pickle_add_item(struct pickle *p, int owner, int value)
{
    struct pickle_value *v = &p->values[owner];
    p->items[p->item_count] = (struct pickle_item){value, -1};
    if (v->first < 0)
        v->first = p->item_count;
    else
        p->items[v->last].next = p->item_count;
    v->last = p->item_count++;
    v->count++;
}

/* Makes a tuple of the `count` topmost values, which are no marks. */
static enum status pickle_make_tuple(struct pickle *p, int count)
{
    if (p->stack_count < count) return pickle_fail("it takes a value that is not there");
    int first = p->stack_count -= count, tuple = p->value_count++;
    p->values[tuple] = (struct pickle_value){.kind = PICKLE_TUPLE, .first = -1, .last = -1};
    for (int i = 0; i < count; i++) {
        if (p->stack[first + i] == MARK) return pickle_fail("a mark is no value");
        pickle_add_item(p, tuple, p->stack[first + i]);
    }
    pickle_push(p, tuple);
    return STATUS_OK;
}

/* Counts the values above the last mark. */
static enum status pickle_count_marked(const struct pickle *p, int *count)
{
    int mark = p->stack_count - 1;
    while (mark >= 0 && p->stack[mark] != MARK) mark--;
    *count = p->stack_count - 1 - mark;
    return mark < 0 ? pickle_fail("a mark is missing") : STATUS_OK;
}

static enum status pickle_tuple_of_marked(struct pickle *p)
{
    int count;
    TRY(pickle_count_marked(p, &count));
    TRY(pickle_make_tuple(p, count));
    int tuple = p->stack[--p->stack_count];
    p->stack[p->stack_count - 1] = tuple; /* where the mark was */
    return STATUS_OK;
}

/* Moves the topmost values into the list or the dictionary below them. */
static enum status pickle_extend(struct pickle *p, int count, int marks, enum pickle_kind kind)
{
    int first = p->stack_count - count, owner = first - marks - 1;
    if (owner < 0 || p->stack[owner] == MARK || p->values[p->stack[owner]].kind != kind ||
        (kind == PICKLE_DICT && count % 2))
        return pickle_fail("items are added to what has none");
    for (int i = 0; i < count; i++) {
        if (p->stack[first + i] == MARK) return pickle_fail("a mark is no value");
        pickle_add_item(p, p->stack[owner], p->stack[first + i]);
    }
    p->stack_count = owner + 1;
    return STATUS_OK;
}

static enum status pickle_extend_marked(struct pickle *p, enum pickle_kind kind)
{
    int count;
    TRY(pickle_count_marked(p, &count));
    return pickle_extend(p, count, 1, kind);
}

static enum status pickle_put(struct pickle *p, int64_t place)
{
    if (p->stack_count == 0 || p->stack[p->stack_count - 1] == MARK)
        return pickle_fail("it keeps a value that is not there");
    if (place > p->memo_count) return pickle_fail("it keeps values out of order");
    p->memo[place] = p->stack[p->stack_count - 1];
    if (place == p->memo_count) p->memo_count++;
    return STATUS_OK;
}

static enum status pickle_get(struct pickle *p, int64_t place)
{
    if (place >= p->memo_count) return pickle_fail("it takes a value that was not kept");
    pickle_push(p, p->memo[place]);
    return STATUS_OK;
}

static enum status pickle_take_class(struct pickle *p)
{
    const char *line[2];
    int length[2];
    for (int i = 0; i < 2; i++) {
        const uint8_t *end = memchr(p->at, '\n', (size_t)(p->end - p->at));
        if (!end || end - p->at > 1 << 20) return pickle_fail("the name of a class has no end");
        line[i] = (const char *)p->at;
        length[i] = (int)(end - p->at);
        p->at = end + 1;
    }
    struct pickle_value *v = pickle_push_new(p, PICKLE_CLASS);
    return pickle_set_class(v, line[0], length[0], line[1], length[1]);
}

static enum status pickle_take_stack_class(struct pickle *p)
{
    int module, name;
    TRY(pickle_pop(p, &name));
    TRY(pickle_pop(p, &module));
    const struct pickle_value *m = &p->values[module], *n = &p->values[name];
    if (m->kind != PICKLE_TEXT || n->kind != PICKLE_TEXT)
        return pickle_fail("the name of a class is no text");
    return pickle_set_class(pickle_push_new(p, PICKLE_CLASS), m->text, (int)m->length, n->text,
                            (int)n->length);
}

static enum status pickle_call(struct pickle *p)
{
    int arguments, called;
    struct pickle_value made;
    TRY(pickle_pop(p, &arguments));
    TRY(pickle_pop(p, &called));
    TRY(pickle_make(p, called, arguments, &made));
    *pickle_push_new(p, made.kind) = made;
    return STATUS_OK;
}

static enum status pickle_take_storage(struct pickle *p)
{
    int facts;
    struct pickle_value made;
    TRY(pickle_pop(p, &facts));
    TRY(pickle_make_storage(p, facts, &made));
    *pickle_push_new(p, PICKLE_STORAGE) = made;
    return STATUS_OK;
}

/* Attributes of dictionaries, such as the versions of modules, do not matter. */
static enum status pickle_set_state(struct pickle *p)
{
    int state, owner;
    TRY(pickle_pop(p, &state));
    TRY(pickle_pop(p, &owner));
    pickle_push(p, owner);
    return p->values[owner].kind == PICKLE_DICT ? STATUS_OK : pickle_fail("what has no attributes gets some");
}

static enum status pickle_take_place(struct pickle *p, int bytes,
                                     enum status (*act)(struct pickle *, int64_t))
{
    int64_t place;
    TRY(pickle_take_number(p, bytes, &place));
    return act(p, place);
}

static enum status pickle_take_version(struct pickle *p)
{
    int64_t version;
    TRY(pickle_take_number(p, 1, &version));
    return version <= PROTOCOL ? STATUS_OK : pickle_fail("its version is unknown");
}

static enum status pickle_skip(struct pickle *p, int64_t bytes)
{
    const uint8_t *skipped;
    return pickle_take(p, bytes, &skipped);
}

/* What pushes a value. */
static enum status pickle_step_value(struct pickle *p, uint8_t code)
{
    switch (code) {
    case CODE_NONE:
        return pickle_push_new(p, PICKLE_NONE), STATUS_OK;
    case CODE_TRUE:
        return pickle_push_new(p, PICKLE_INT)->whole = 1, STATUS_OK;
    case CODE_FALSE:
        return pickle_push_new(p, PICKLE_INT), STATUS_OK;
    case CODE_INT1:
        return pickle_push_int(p, 1, 0);
    case CODE_INT2:
        return pickle_push_int(p, 2, 0);
    case CODE_INT4:
        return pickle_push_int(p, 4, -1);
    case CODE_LONG1:
        return pickle_push_long(p);
    case CODE_FLOAT8:
        return pickle_push_new(p, PICKLE_NONE), pickle_skip(p, 8);
    case CODE_TEXT1:
    case CODE_OLD_TEXT1:
        return pickle_push_text(p, 1);
    case CODE_TEXT4:
    case CODE_OLD_TEXT4:
        return pickle_push_text(p, 4);
    case CODE_EMPTY_TUPLE:
        return pickle_push_new(p, PICKLE_TUPLE), STATUS_OK;
    case CODE_EMPTY_LIST:
        return pickle_push_new(p, PICKLE_LIST), STATUS_OK;
    case CODE_EMPTY_DICT:
        return pickle_push_new(p, PICKLE_DICT), STATUS_OK;
    case CODE_GET1:
        return pickle_take_place(p, 1, pickle_get);
    case CODE_GET4:
        return pickle_take_place(p, 4, pickle_get);
    case CODE_CLASS:
        return pickle_take_class(p);
    case CODE_STACK_CLASS:
        return pickle_take_stack_class(p);
    default:
        return status_fail(STATUS_DATA,
                           "its data.pkl holds more than tensors and numbers (code 0x%02x): save "
                           "model.state_dict() alone",
                           code);
    }
}

static enum status pickle_step(struct pickle *p, uint8_t code)
{
    switch (code) {
    case CODE_VERSION:
        return pickle_take_version(p);
    case CODE_FRAME:
        return pickle_skip(p, 8);
    case CODE_MARK_HERE:
        return pickle_push(p, MARK), STATUS_OK;
    case CODE_TUPLE1:
        return pickle_make_tuple(p, 1);
    case CODE_TUPLE2:
        return pickle_make_tuple(p, 2);
    case CODE_TUPLE3:
        return pickle_make_tuple(p, 3);
    case CODE_TUPLE_OF:
        return pickle_tuple_of_marked(p);
    case CODE_APPEND:
        return pickle_extend(p, 1, 0, PICKLE_LIST);
    case CODE_APPENDS:
        return pickle_extend_marked(p, PICKLE_LIST);
    case CODE_SETITEM:
        return pickle_extend(p, 2, 0, PICKLE_DICT);
    case CODE_SETITEMS:
        return pickle_extend_marked(p, PICKLE_DICT);
    case CODE_PUT1:
        return pickle_take_place(p, 1, pickle_put);
    case CODE_PUT4:
        return pickle_take_place(p, 4, pickle_put);
    case CODE_MEMOIZE:
        return pickle_put(p, p->memo_count);
    case CODE_CALL:
        return pickle_call(p);
    case CODE_SET_STATE:
        return pickle_set_state(p);
    case CODE_STORAGE:
        return pickle_take_storage(p);
    default:
        return pickle_step_value(p, code);
    }
}

static enum status pickle_run(struct pickle *p)
{
    for (;;) {
        const uint8_t *code;
        TRY(pickle_take(p, 1, &code));
        if (*code == CODE_STOP) return pickle_pop(p, &p->root);
        TRY(pickle_step(p, *code));
    }
}

/* Each code of the program is at least one byte, and adds at most one value, one place of the stack and one of the
 * memo; an item was on the stack before. So the length of the program limits them all. */
static enum status pickle_allocate(struct pickle *p, size_t size)
{
    TRY(mem_alloc(&p->values, size + 1, sizeof *p->values, "description of weights"));
    TRY(mem_alloc(&p->items, size + 1, sizeof *p->items, "description of weights"));
    TRY(mem_alloc(&p->stack, size + 1, sizeof *p->stack, "description of weights"));
    return mem_alloc(&p->memo, size + 1, sizeof *p->memo, "description of weights");
}

enum status pickle_check_size(int64_t bytes)
{
    if (bytes <= BYTES_MAX) return STATUS_OK;
    return status_fail(STATUS_DATA, "its data.pkl has more than %d MB: save model.state_dict() alone",
                       (int)(BYTES_MAX >> 20));
}

enum status pickle_read(struct pickle **out, const uint8_t *bytes, size_t size)
{
    struct pickle *p;
    *out = NULL;
    TRY(pickle_check_size((int64_t)size));
    TRY(mem_alloc(&p, 1, sizeof *p, "description of weights"));
    p->at = bytes;
    p->end = bytes + size;
    enum status status = pickle_allocate(p, size);
    if (status == STATUS_OK) status = pickle_run(p);
    if (status != STATUS_OK) pickle_destroy(&p);
    *out = p;
    return status;
}

void pickle_destroy(struct pickle **p)
{
    if (!*p) return;
    mem_free(&(*p)->values);
    mem_free(&(*p)->items);
    mem_free(&(*p)->stack);
    mem_free(&(*p)->memo);
    mem_free(p);
}
