/* roff.c - writes the language of manual pages. */
#include "app/manual/roff.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* Without these, groff would print typographic signs, which a shell does not take. */
static void roff_char(FILE *out, char c)
{
    static const struct {
        char from;
        const char *to;
    } escapes[] = {{'\\', "\\e"},  {'-', "\\-"},   {'\'', "\\(aq"},
                   {'`', "\\(ga"}, {'^', "\\(ha"}, {'~', "\\(ti"}};
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++)
        if (escapes[i].from == c) {
            fputs(escapes[i].to, out);
            return;
        }
    fputc(c, out);
}

static void roff_part(FILE *out, const char *text, size_t length)
{
    if (length && *text == '.') fputs("\\&", out); /* no request */
    for (size_t i = 0; i < length; i++) roff_char(out, text[i]);
}

void roff_plain(FILE *out, const char *text)
{
    roff_part(out, text, strlen(text));
}

void roff_begin(FILE *out, const char *name, int section, const char *help)
{
    fputs(".TH ", out);
    for (const char *c = name; *c; c++) roff_char(out, (char)toupper((unsigned char)*c));
    fprintf(out, " %d \"\" \"ddp_train %s\"\n.SH NAME\n", section, DDP_VERSION);
    roff_plain(out, name);
    fputs(" \\- ", out);
    roff_plain(out, help);
    fputc('\n', out);
}

void roff_section(FILE *out, const char *title)
{
    fprintf(out, ".SH %s\n", title);
}

static size_t roff_paragraph_length(const char *text)
{
    const char *end = strstr(text, "\n\n");
    return end ? (size_t)(end - text) : strlen(text);
}

static bool roff_is_table(const char *text, size_t length)
{
    for (size_t i = 0; i + 1 < length; i++)
        if (text[i] == ' ' && text[i + 1] == ' ') return true;
    return false;
}

static void roff_lines(FILE *out, const char *text, size_t length)
{
    for (size_t line; length; text += line, length -= line) {
        const char *end = memchr(text, '\n', length);
        line = end ? (size_t)(end - text) : length;
        roff_part(out, text, line);
        fputc('\n', out);
        if (end) line++;
    }
}

void roff_text(FILE *out, const char *text)
{
    while (*text == '\n') text++;
    for (size_t length; *text; text += length) {
        length = roff_paragraph_length(text);
        bool table = roff_is_table(text, length);
        fputs(table ? ".PP\n.EX\n" : ".PP\n", out);
        roff_lines(out, text, length);
        if (table) fputs(".EE\n", out);
        while (text[length] == '\n') length++;
    }
}

void roff_term(FILE *out, const char *term, const char *after, const char *text)
{
    fputs(".TP\n\\fB", out);
    roff_plain(out, term);
    fputs("\\fR", out);
    roff_plain(out, after);
    fputc('\n', out);
    roff_plain(out, text);
    fputc('\n', out);
}

void roff_indent(FILE *out)
{
    fputs(".RS\n", out);
}

void roff_outdent(FILE *out)
{
    fputs(".RE\n", out);
}
