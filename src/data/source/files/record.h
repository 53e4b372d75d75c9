/* record.h - what was found in one of many files, as a line of text.
 *
 * A line is for the same program on the same machine or on others of one job; a line that cannot be read counts as
 * missing. Local functions. */
#ifndef DATA_SOURCE_FILES_RECORD_H
#define DATA_SOURCE_FILES_RECORD_H

#include <stdio.h>

#include "data/source/h5/find.h"
#include "data/source/source.h"

struct record {
    int64_t bytes, changed;  /* of the file: its length, and the time of its last change in ns */
    struct source_info info; /* without what it points at */
    uint64_t names;          /* hash of the class names; 0 = none */
};

/* Cuts group and range off a locator. */
enum status record_find_path(const char *locator, char path[FIND_NAME_SIZE]);

/* Fills in length and time of change. STATUS_DATA if it is not a regular file. */
enum status record_take_state(struct record *r, const char *locator);

/* Compares length and time of change with those noted: STATUS_DATA if the file has changed. */
enum status record_check_state(int64_t bytes, int64_t changed, const char *locator);

/* Fills in the rest, from an open source. */
void record_take_info(struct record *r, const struct source_info *info);

/* "size and labels differ from ...": STATUS_DATA if files cannot be one set. */
enum status record_check_alike(const struct record *first, const char *first_locator, const struct record *r,
                               const char *locator);

void record_write(FILE *out, const struct record *r, const char *locator);

/* Reads one line, without its end; *locator points into it. Returns false if it is none. */
bool record_read(const char *line, struct record *r, const char **locator);

#endif
