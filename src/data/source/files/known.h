/* known.h - what an earlier run has found in many files, kept in a folder.
 *
 * The file is files-HASH.txt, of a locator and a head: the hash of all that follows, the head, which is a
 * line that says what all else depends on, and a line of record.h for each file. One that was cut or
 * damaged counts as missing. Local functions. */
#ifndef DATA_SOURCE_FILES_KNOWN_H
#define DATA_SOURCE_FILES_KNOWN_H

#include "data/source/files/record.h"

/* The line of what all else depends on: names of objects and the like, besides the files. */
#define KNOWN_HEAD 64
void known_head(char head[KNOWN_HEAD], const struct source_options *options);

struct known {
    char *text;
    struct known_line {
        const char *locator, *line;
    } * lines; /* in the order of the locators */
    int64_t count;
};

/* Reads what is kept for `locator`; empty if there is nothing, or with another head. `folder` may be NULL or "".
 * Errors: STATUS_OTHER, memory. */
enum status known_load(struct known *k, const char *folder, const char *locator, const char *head);
void known_free(struct known *k);

/* Fills in a record whose file is as it was then, by its length and time of change; else returns false. */
bool known_find(const struct known *k, const char *locator, struct record *r);

/* Keeps a text for known_load. Where that is not possible nothing happens: the next run can look again. */
void known_save(const char *folder, const char *locator, const char *head, const char *text);

#endif
