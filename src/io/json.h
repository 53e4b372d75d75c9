/* json.h - writes JSON member by member: escaped text, shortest exact numbers, null for NaN and infinity.
 *
 * One line per object, so a file of objects is JSON Lines. Inside a list `key` is NULL. Local functions;
 * the owner of the FILE checks for write errors (ferror). */
#ifndef IO_JSON_H
#define IO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct json {
    FILE *out;
    bool follows; /* the next member needs a comma */
};

void json_open(struct json *j, const char *key, char bracket);      /* '{' or '[' */
void json_close(struct json *j, char bracket);                      /* '}' or ']' */
void json_text(struct json *j, const char *key, const char *value); /* NULL gives null */
void json_int(struct json *j, const char *key, int64_t value);
void json_real(struct json *j, const char *key, double value);
void json_bool(struct json *j, const char *key, bool value);

/* A value that is JSON already. */
void json_raw(struct json *j, const char *key, const char *value, size_t length);

#endif
