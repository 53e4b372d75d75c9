/* json.c - writes JSON. */
#include "io/json.h"

#include <math.h>

#include "core/number.h"
#include "core/utf8.h"

static void json_write_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (const char *c = text; *c; c += utf8_bytes(c, 1)) {
        size_t length = utf8_character(c);
        if (length == 0)
            fputs("\\ufffd", out); /* JSON is UTF-8; a file name may not be */
        else if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else if ((unsigned char)*c < 0x20)
            fprintf(out, "\\u%04x", (unsigned char)*c);
        else
            fwrite(c, 1, length, out);
    }
    fputc('"', out);
}

static void begin_member(struct json *j, const char *key)
{
    if (j->follows) fputs(", ", j->out);
    j->follows = true;
    if (!key) return;
    json_write_text(j->out, key);
    fputs(": ", j->out);
}

void json_open(struct json *j, const char *key, char bracket)
{
    begin_member(j, key);
    fputc(bracket, j->out);
    j->follows = false;
}

void json_close(struct json *j, char bracket)
{
    fputc(bracket, j->out);
    j->follows = true;
}

void json_text(struct json *j, const char *key, const char *value)
{
    begin_member(j, key);
    if (value)
        json_write_text(j->out, value);
    else
        fputs("null", j->out);
}

void json_int(struct json *j, const char *key, int64_t value)
{
    begin_member(j, key);
    fprintf(j->out, "%lld", (long long)value);
}

void json_real(struct json *j, const char *key, double value)
{
    begin_member(j, key);
    char text[NUMBER_TEXT_SIZE] = "null";
    if (isfinite(value)) number_format(value, text);
    fputs(text, j->out);
}

void json_bool(struct json *j, const char *key, bool value)
{
    begin_member(j, key);
    fputs(value ? "true" : "false", j->out);
}

void json_raw(struct json *j, const char *key, const char *value, size_t length)
{
    begin_member(j, key);
    fwrite(value, 1, length, j->out);
}
