/* locators.c - finds the files that a locator of many names. */
#include "data/source/files/locators.h"

#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "data/source/h5/find.h"
#include "data/source/range.h"

#define PATH_SIZE 4096

/* The colon before the group of a pattern, whose name may have any characters; NULL = there is none. A folder may have
 * a colon as well: then only the name of a file stands before that of a group. */
static const char *locators_find_group(const char *locator)
{
    char path[FIND_NAME_SIZE];
    const char *colon = strrchr(locator, ':'), *group;
    if (!colon || strcspn(locator, "*?") < (size_t)(colon - locator)) return colon;
    return find_split(locator, path, &group) == STATUS_OK && *group ? colon : NULL;
}

static bool locators_is_pattern(const char *locator)
{
    const char *colon = locators_find_group(locator);
    size_t length = colon ? (size_t)(colon - locator) : strlen(locator);
    return strcspn(locator, "*?") < length && access(locator, F_OK) != 0;
}

bool locators_are_many(const char *locator)
{
    return strchr(locator, LOCATORS_SEPARATOR) || locators_is_pattern(locator) ||
           (locator[0] == '@' && access(locator, F_OK) != 0);
}

static enum status locators_add(struct locators *l, const char *path, const char *rest)
{
    if (strchr(path, LOCATORS_SEPARATOR))
        return status_fail(STATUS_DATA, "%.*s...: the name of a file may not have several lines; rename it",
                           (int)strcspn(path, "\n"), path);
    if (l->count == l->room) {
        char **grown = NULL;
        int64_t room = 2 * l->room + 64;
        TRY(mem_alloc(&grown, (size_t)room, sizeof *grown, "list of files"));
        if (l->count) memcpy(grown, l->of, (size_t)l->count * sizeof *grown);
        mem_free(&l->of);
        l->of = grown;
        l->room = room;
    }
    size_t size = strlen(path) + strlen(rest) + 1;
    TRY(mem_alloc(&l->of[l->count], size, 1, "list of files"));
    snprintf(l->of[l->count++], size, "%s%s", path, rest);
    return STATUS_OK;
}

static int locators_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Files that match, with brackets as they are, or else as the classes of a pattern. */
static int locators_search(const char *path, glob_t *found)
{
    char literal[2 * PATH_SIZE];
    size_t length = 0;
    for (const char *c = path; *c; c++) {
        if (strchr("[]\\", *c)) literal[length++] = '\\';
        literal[length++] = *c;
    }
    literal[length] = '\0';
    int result = glob(literal, GLOB_NOSORT, NULL, found);
    if (result != GLOB_NOMATCH || !strpbrk(path, "[\\")) return result;
    globfree(found);
    return glob(path, GLOB_NOSORT, NULL, found);
}

static enum status locators_add_pattern(struct locators *l, const char *pattern)
{
    char path[PATH_SIZE];
    glob_t found = {0};
    if (snprintf(path, sizeof path, "%s", pattern) >= PATH_SIZE)
        return status_fail(STATUS_DATA, "%.40s...: is longer than %d bytes", pattern, PATH_SIZE - 1);
    const char *colon = locators_find_group(pattern);
    if (colon) path[colon - pattern] = '\0';
    int result = locators_search(path, &found);
    if (result != 0) {
        globfree(&found);
        if (result != GLOB_NOMATCH) return status_fail(STATUS_DATA, "%s: cannot be searched", path);
        return status_fail(STATUS_DATA, "%s: no file matches; check folder and pattern", path);
    }
    qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, locators_compare);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < found.gl_pathc && status == STATUS_OK; i++)
        status = locators_add(l, found.gl_pathv[i], colon ? colon : "");
    globfree(&found);
    return status;
}

static enum status locators_add_entry(struct locators *l, const char *entry, const char *from)
{
    char copy[PATH_SIZE];
    if (entry[0] == '@' && access(entry, F_OK) != 0)
        return status_fail(STATUS_DATA, "%s: a list within a list; name its files instead", entry);
    snprintf(copy, sizeof copy, "%s", entry);
    if (strpbrk(entry, "*?") && range_cut(copy))
        return status_fail(STATUS_DATA,
                           "%s: a range of a pattern within a list; give the range to single files", entry);
    if (locators_is_pattern(entry)) return locators_add_pattern(l, entry);
    if (!strchr(entry, '.') && !strchr(entry, '/') && access(entry, F_OK) != 0)
        return status_fail(STATUS_DATA, "%s: '%.100s' is not a file; a list holds HDF5 files and patterns",
                           from, entry);
    return locators_add(l, entry, "");
}

/* Cuts blanks at both ends. */
static char *locators_trim(char *line)
{
    line += strspn(line, " \t\r\n");
    size_t length = strlen(line);
    while (length && strchr(" \t\r\n", line[length - 1])) line[--length] = '\0';
    return line;
}

static enum status locators_add_file(struct locators *l, const char *path)
{
    FILE *file = fopen(path, "r");
    const char *slash = strrchr(path, '/');
    char *line = NULL, entry[PATH_SIZE];
    size_t room = 0;
    enum status status = STATUS_OK;
    if (!file)
        return status_fail(STATUS_DATA, "%s: cannot be read: %s; '@' before a name reads a list of files",
                           path, strerror(errno));
    while (status == STATUS_OK && getline(&line, &room, file) >= 0) {
        char *name = locators_trim(line);
        if (!*name || *name == '#') continue;
        int folder = slash && *name != '/' ? (int)(slash - path) + 1 : 0;
        if (snprintf(entry, sizeof entry, "%.*s%s", folder, path, name) >= PATH_SIZE)
            status = status_fail(STATUS_DATA, "%s: a line is longer than %d bytes", path, PATH_SIZE - 1);
        else
            status = locators_add_entry(l, entry, path);
    }
    free(line);
    fclose(file);
    if (status == STATUS_OK && l->count == 0) status = status_fail(STATUS_DATA, "%s: lists no file", path);
    return status;
}

static enum status locators_add_lines(struct locators *l, const char *text)
{
    char *copy, *next;
    TRY(mem_copy_text(&copy, text));
    enum status status = STATUS_OK;
    next = copy;
    for (char *line; status == STATUS_OK && (line = strsep(&next, "\n"));)
        if (*line) status = locators_add_entry(l, line, "the list of files");
    mem_free(&copy);
    return status;
}

enum status locators_find(struct locators *out, const char *locator)
{
    *out = (struct locators){0};
    if (strchr(locator, LOCATORS_SEPARATOR)) return locators_add_lines(out, locator);
    if (locator[0] == '@' && access(locator, F_OK) != 0) return locators_add_file(out, locator + 1);
    return locators_is_pattern(locator) ? locators_add_pattern(out, locator) : locators_add(out, locator, "");
}

void locators_free(struct locators *l)
{
    for (int64_t i = 0; i < l->count; i++) mem_free(&l->of[i]);
    mem_free(&l->of);
    *l = (struct locators){0};
}

void locators_title(const char *locator, char title[LOCATORS_TITLE])
{
    int64_t more = 0;
    for (const char *c = locator; *c; c++) more += *c == LOCATORS_SEPARATOR;
    int first = (int)strcspn(locator, "\n");
    if (more)
        snprintf(title, LOCATORS_TITLE, "%.*s and %" PRId64 " more", first < 400 ? first : 400, locator,
                 more);
    else
        snprintf(title, LOCATORS_TITLE, "%s", locator);
}
