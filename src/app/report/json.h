/* json.h - JSON as a stream of members: escaped texts, shortest exact numbers, null for NaN and infinity.
 *
 * One line per object, so a file of objects is JSON Lines. Inside a list `key` is NULL. Local functions;
 * write errors are found by the owner of the FILE (ferror). Private to the app layer. */
#ifndef APP_REPORT_JSON_H
#define APP_REPORT_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
    FILE *out;
    bool follows; /* a member stands before the next one */
};

void json_open(struct json *j, const char *key, char bracket);      /* '{' or '[' */
void json_close(struct json *j, char bracket);                      /* '}' or ']' */
void json_text(struct json *j, const char *key, const char *value); /* NULL gives null */
void json_int(struct json *j, const char *key, int64_t value);
void json_real(struct json *j, const char *key, double value);
void json_bool(struct json *j, const char *key, bool value);

#endif
