/* names.h - class names written as one text, "cat,dog,bird". */
#ifndef DATA_SOURCE_NAMES_H
#define DATA_SOURCE_NAMES_H

#include <stdint.h>

#include "core/status.h"

/* One block, names[0..count-1] pointing into it; mem_free(&names) releases it. */
enum status names_split(const char *list, char ***names, int64_t *count);

/* Gives names that occur again a number, "cat (2)", with a warning that names the file unless `path` is NULL. *names is one block, and stays
 * one. Errors: STATUS_OTHER, memory. */
enum status names_make_unique(char ***names, int64_t count, const char *path);

#endif
