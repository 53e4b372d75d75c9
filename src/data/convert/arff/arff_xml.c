/* arff_xml.c - reads Mulan's XML list of label names. */
#include "data/convert/arff/arff_xml.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/convert/table/text.h"
#include "core/mem.h"

#define BLANKS " \t\r\n"

static enum status arff_xml_broken(const char *path, const char *what)
{
    return status_fail(STATUS_DATA, "%s: %s; expected Mulan's <labels><label name=\"...\"/>...</labels>",
                       path, what);
}

/* A character as UTF-8. */
static size_t arff_xml_put_character(unsigned long code, char *to)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    size_t more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char first[] = {0, 0xc0, 0xe0, 0xf0};
    to[0] = (char)(first[more] | code >> 6 * more);
    for (size_t i = 1; i <= more; i++) to[i] = (char)(0x80 | (code >> 6 * (more - i) & 0x3f));
    return more + 1;
}

/* "&amp;" and the like at `from`: what they stand for goes to `to`, which is never longer; 0 if it is
 * none. */
static size_t arff_xml_read_entity(const char *from, char *to, size_t *written)
{
    static const struct {
        const char *text;
        char character;
    } entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
        size_t length = strlen(entities[i].text);
        if (strncmp(from, entities[i].text, length) != 0) continue;
        to[0] = entities[i].character;
        *written = 1;
        return length;
    }
    if (from[1] != '#') return 0;
    bool hex = from[2] == 'x';
    const char *digits = from + 2 + hex;
    size_t count = strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789");
    if (count == 0 || count > 7 || digits[count] != ';') return 0;
    unsigned long code = strtoul(digits, NULL, hex ? 16 : 10);
    if (code == 0 || code > 0x10ffff) return 0;
    *written = arff_xml_put_character(code, to);
    return (size_t)(digits - from) + count + 1;
}

/* In place; false if an entity is unknown. */
static bool arff_xml_decode(char *text)
{
    char *to = text;
    for (const char *from = text; *from;) {
        size_t written = 1, read = 1;
        if (*from == '&')
            read = arff_xml_read_entity(from, to, &written);
        else
            *to = *from;
        if (read == 0) return false;
        from += read;
        to += written;
    }
    *to = '\0';
    return true;
}

/* The value of the attribute `name` of the tag whose attributes begin at *at; *at moves behind the tag. NULL
 * if it has none, or is broken off. */
static char *arff_xml_read_name(char **at)
{
    char *found = NULL, *c = *at;
    for (;;) {
        c += strspn(c, BLANKS "/");
        if (*c == '\0') return NULL;
        if (*c == '>') break;
        char *attribute = c;
        size_t length = strcspn(c, BLANKS "=/>");
        c += length;
        c += strspn(c, BLANKS);
        if (*c++ != '=') return NULL;
        c += strspn(c, BLANKS);
        char quote = *c++, *close = quote == '"' || quote == '\'' ? strchr(c, quote) : NULL;
        if (!close) return NULL;
        if (length == 4 && strncmp(attribute, "name", 4) == 0) found = c;
        *close = '\0';
        c = close + 1;
    }
    *at = c + 1;
    return found && arff_xml_decode(found) ? found : NULL;
}

/* Behind the comment, declaration or tag at *at. */
static char *arff_xml_skip_tag(char *at)
{
    bool comment = strncmp(at, "<!--", 4) == 0;
    char *end = strstr(at, comment ? "-->" : ">");
    return end ? end + (comment ? 3 : 1) : at + strlen(at);
}

/* Reads up to max_names names; *count is their number. */
static enum status arff_xml_read_labels(const char *path, char *text, char **names, int64_t max_names,
                                        int64_t *count)
{
    *count = 0;
    for (char *at = strchr(text, '<'); at; at = strchr(at, '<')) {
        if (strncmp(at, "<label", 6) != 0 || !strchr(BLANKS "/>", at[6]) || !at[6]) {
            at = arff_xml_skip_tag(at);
            continue;
        }
        at += 6;
        char *name = arff_xml_read_name(&at);
        if (!name) return arff_xml_broken(path, "a <label> has no readable name");
        if (*count == max_names) return arff_xml_broken(path, "has tags within tags");
        names[(*count)++] = name;
    }
    return *count > 0 ? STATUS_OK : arff_xml_broken(path, "holds no label");
}

static enum status arff_xml_parse(struct table_text *t, char ***names, int64_t *count)
{
    int64_t tags = 0;
    for (bool more = true; more;) TRY(table_text_more(t, &more));
    char *text = t->bytes + t->start;
    t->bytes[t->end] = '\0';
    size_t bytes = t->end - t->start + 1;
    for (const char *c = text; (c = strchr(c, '<')); c++) tags++;
    TRY(mem_alloc(names, (size_t)tags * sizeof **names + bytes, 1, "labels"));
    char *copy = (char *)(*names + tags);
    memcpy(copy, text, bytes);
    enum status status = arff_xml_read_labels(t->path, copy, *names, tags, count);
    if (status != STATUS_OK) mem_free(names);
    return status;
}

enum status arff_xml_labels(const char *path, char ***names, int64_t *count)
{
    struct table_text text;
    enum status status = table_text_open(&text, path);
    if (status == STATUS_OK) status = arff_xml_parse(&text, names, count);
    table_text_close(&text);
    return status;
}
