/* names.h - class names of a file, or written as one text, "cat,dog,bird". */
#ifndef DATA_SOURCE_NAMES_H
#define DATA_SOURCE_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"
#include "io/h5/h5.h"

/* One block, names[0..count-1] pointing into it; mem_free(&names) releases it. */
enum status names_split(const char *list, char ***names, int64_t *count);

/* Gives names that occur again a number, "cat (2)", with a warning that names the file unless `path` is NULL. *names is
 * one block, and stays one. Errors: STATUS_OTHER, memory. */
enum status names_make_unique(char ***names, int64_t count, const char *path);

/* Where a file may have names of classes. */
struct names_place {
    const char *labels; /* the object that has the labels */
    const char *group;  /* "" = the root */
    const char *path;   /* of the file, for warnings; NULL = without */
    bool are_classes;   /* labels are class indices; other labels may have names of their columns */
};

/* Finds names, which are unique and fit to be shown; NULL = there are none. *names is one block, also after a failure.
 * Errors: those of reading. */
enum status names_find(struct h5 *file, const struct names_place *place, char ***names, int64_t *count);

#endif
