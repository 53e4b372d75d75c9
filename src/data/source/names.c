/* names.c - cuts a list of class names. */
#include "data/source/names.h"

#include <string.h>

#include "core/mem.h"

enum status names_split(const char *list, char ***names, int64_t *count)
{
    int64_t pieces = 1;
    for (const char *c = list; *c; c++) pieces += *c == ',';
    char **out = NULL;
    size_t bytes = strlen(list) + 1;
    TRY(mem_alloc(&out, (size_t)pieces * sizeof *out + bytes, 1, "class names"));
    char *text = (char *)(out + pieces);
    memcpy(text, list, bytes);
    for (int64_t i = 0; i < pieces; i++) out[i] = strsep(&text, ",");
    *names = out;
    *count = pieces;
    return STATUS_OK;
}
