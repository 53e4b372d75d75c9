/* npz.c - finds the arrays of NumPy's .npz: members NAME.npy, each with a header that is a Python dictionary. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/archive/zipped.h"

#define MAGIC      "\x93NUMPY"
#define START      10    /* bytes up to the header in version 1 */
#define HEADER_MAX 65535 /* bytes; a description of one array has some hundred */
#define WORD       40

/* Without the order of their bytes, which is in front of them. */
static const struct archive_type_name types[] = {
    {"f2", ARCHIVE_F16}, {"f4", ARCHIVE_F32}, {"f8", ARCHIVE_F64}, {NULL, ARCHIVE_OTHER}};

/* The rest of a header, and what has been read of it. */
struct npy {
    const char *at;
    char type[WORD];
    bool fortran, has_type, has_order, has_shape, is_good;
    struct archive_entry *entry;
};

static void npy_skip_blanks(struct npy *n)
{
    while (isspace((unsigned char)*n->at)) n->at++;
}

static bool npy_take(struct npy *n, const char *text)
{
    npy_skip_blanks(n);
    bool is = strncmp(n->at, text, strlen(text)) == 0;
    if (is) n->at += strlen(text);
    return is;
}

/* A text in quotes; one with a backslash or a quote in it is none that NumPy writes here. */
static bool npy_take_text(struct npy *n, char word[WORD])
{
    npy_skip_blanks(n);
    char quote = *n->at;
    if (quote != '\'' && quote != '"') return false;
    const char stops[] = {quote, '\\', '\0'};
    size_t length = strcspn(n->at + 1, stops);
    if (n->at[1 + length] != quote || length >= WORD) return false;
    memcpy(word, n->at + 1, length);
    word[length] = '\0';
    n->at += length + 2;
    return true;
}

static bool npy_take_type(struct npy *n)
{
    n->has_type = true;
    npy_skip_blanks(n);
    if (*n->at != '[') return npy_take_text(n, n->type);
    int depth = 0; /* columns of a table, in brackets */
    do {
        depth += (*n->at == '[') - (*n->at == ']');
        if (*n->at++ == '\0') return false;
    } while (depth > 0);
    strcpy(n->type, "a table");
    return true;
}

static bool npy_take_shape(struct npy *n)
{
    struct archive_entry *e = n->entry;
    n->has_shape = true;
    if (!npy_take(n, "(")) return false;
    for (e->rank = 0; !npy_take(n, ")"); e->rank++) {
        if (e->rank == ARCHIVE_RANK || !isdigit((unsigned char)*n->at)) return false;
        char *end;
        long long length = strtoll(n->at, &end, 10);
        n->at = *end == 'L' ? end + 1 : end; /* Python 2 wrote long numbers so */
        e->dims[e->rank] = length;
        npy_take(n, ",");
    }
    return true;
}

static bool npy_take_order(struct npy *n)
{
    n->has_order = true;
    n->fortran = npy_take(n, "True");
    return n->fortran || npy_take(n, "False");
}

/* "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }". */
static bool npy_read_header(struct npy *n)
{
    char key[WORD];
    if (!npy_take(n, "{")) return false;
    while (!npy_take(n, "}")) {
        if (!npy_take_text(n, key) || !npy_take(n, ":")) return false;
        bool good = strcmp(key, "descr") == 0           ? npy_take_type(n)
                    : strcmp(key, "fortran_order") == 0 ? npy_take_order(n)
                    : strcmp(key, "shape") == 0         ? npy_take_shape(n)
                                                        : false;
        if (!good) return false;
        npy_take(n, ",");
    }
    return n->has_type && n->has_order && n->has_shape;
}

/* Reads the header of a member into `text`, and says where the values begin. */
static enum status npy_read_text(const struct archive *a, struct unzip *zip, int64_t member,
                                 char text[HEADER_MAX + 1], int64_t *offset)
{
    unsigned char start[START + 2];
    int64_t bytes;
    TRY(unzip_bytes(zip, member, &bytes));
    TRY(unzip_begin(zip, member, 0));
    TRY(unzip_read(zip, start, START));
    int version = start[6], more = version >= 2 ? 2 : 0;
    if (memcmp(start, MAGIC, strlen(MAGIC)) != 0 || version < 1 || version > 3)
        return archive_fail(a, "a member is not an array of NumPy");
    TRY(unzip_read(zip, start + START, (size_t)more));
    int64_t length =
        start[8] | start[9] << 8 | (more ? (int64_t)start[10] << 16 | (int64_t)start[11] << 24 : 0);
    *offset = START + more + length;
    if (length > HEADER_MAX || *offset > bytes)
        return archive_fail(a, "the header of an array is longer than it can be");
    TRY(unzip_read(zip, text, (size_t)length));
    text[length] = '\0';
    return unzip_end(zip);
}

/* Integers, truth values, times, texts, objects and tables are no weights. */
static void npz_set_type(struct archive_entry *e, const char *type)
{
    static const char orders[] = "<>=|", none[] = "iubmMSUOa";
    const char *kind = *type && strchr(orders, *type) ? type + 1 : type;
    e->big_endian = *type == '>';
    archive_set_type(e, types, kind);
    if (e->type != ARCHIVE_OTHER) return;
    if (*kind && strchr(none, *kind)) e->type = ARCHIVE_INTEGER;
    archive_note_type(e, type);
}

static enum status npz_add(struct archive *a, struct unzip *zip, int64_t member, size_t name_length)
{
    char text[HEADER_MAX + 1], name[ARCHIVE_NAME + 8];
    struct archive_entry *e;
    int64_t bytes;
    TRY(archive_add(a, &e));
    e->member = member;
    snprintf(name, sizeof name, "%.*s", (int)name_length, unzip_name(zip, member));
    TRY(npy_read_text(a, zip, member, text, &e->offset));
    struct npy n = {.at = text, .entry = e};
    if (!npy_read_header(&n)) return archive_fail(a, "the header of an array is not as NumPy writes it");
    TRY(archive_settle(a, e, name));
    npz_set_type(e, n.type);
    for (int i = 0; n.fortran && i < e->rank; i++) e->axes[i] = e->rank - 1 - i;
    TRY(unzip_bytes(zip, member, &bytes));
    if (archive_type_is_read(e->type) && bytes - e->offset != e->elements * archive_type_bytes(e->type))
        return status_fail(STATUS_DATA, "%s: %s: the length of its values does not fit its shape", a->path,
                           name);
    return STATUS_OK;
}

enum status npz_list(struct archive *a, struct unzip *zip)
{
    static const char end[] = ".npy";
    for (int64_t i = 0; i < unzip_count(zip); i++) {
        const char *name = unzip_name(zip, i);
        size_t length = strlen(name), tail = strlen(end);
        if (length >= tail && strcmp(name + length - tail, end) == 0) TRY(npz_add(a, zip, i, length - tail));
    }
    return STATUS_OK;
}
