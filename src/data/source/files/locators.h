/* locators.h - which files a locator of many names.
 *
 *   /data/part-*.h5[:GROUP]   all files that match, in the order of their names, byte by byte
 *   @list.txt                 the locators in that file, a line each, names relative to its folder; lines that are
 *                             empty or begin with # do not count
 *   several lines             a locator each: files, each with its group and range, and patterns
 * Local functions. */
#ifndef DATA_SOURCE_FILES_LOCATORS_H
#define DATA_SOURCE_FILES_LOCATORS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

/* Between the locators of a list. */
#define LOCATORS_SEPARATOR '\n'

struct locators {
    int64_t count;
    char **of; /* of single files */
    int64_t room;
};

/* Whether a locator, without its range, names many files. */
bool locators_are_many(const char *locator);

/* Finds the files. Errors: STATUS_DATA for a pattern without a file, a list that cannot be read, or an entry that
 * cannot be one of many. Released with locators_free, also after a failure. */
enum status locators_find(struct locators *out, const char *locator);
void locators_free(struct locators *l);

/* Writes a locator as one line for messages, "a.h5 and 3 more". */
#define LOCATORS_TITLE 512
void locators_title(const char *locator, char title[LOCATORS_TITLE]);

#endif
