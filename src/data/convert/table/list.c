/* list.c - reads lists of columns from the command line, and shortens texts for messages. */
#include <stdio.h>
#include <string.h>

#include "data/convert/table/private.h"
#include "core/mem.h"
#include "core/number.h"
#include "core/utf8.h"

/* Cuts one entry off, in place; a quoted one may hold commas and doubled quotes. NULL if a quote stays
 * open. */
static char *table_list_cut_entry(char **rest)
{
    char *from = *rest, *to = from, *entry = from;
    bool quoted = *from == '"';
    if (quoted) from++;
    while (*from && (quoted || *from != ',')) {
        if (quoted && *from == '"' && *++from != '"') {
            quoted = false;
            continue;
        }
        *to++ = *from++;
    }
    *rest = *from ? from + 1 : NULL;
    *to = '\0';
    return quoted ? NULL : entry;
}

enum status table_list_split(const char *flag, const char *list, char ***entries, int64_t *count)
{
    int64_t max_entries = 1;
    for (const char *c = list; *c; c++) max_entries += *c == ',';
    size_t bytes = strlen(list) + 1;
    TRY(mem_alloc(entries, (size_t)max_entries * sizeof **entries + bytes, 1, "list of columns"));
    char *text = (char *)(*entries + max_entries);
    memcpy(text, list, bytes);
    *count = 0;
    for (char *rest = text; rest;) {
        char *entry = table_list_cut_entry(&rest);
        if (entry && *entry) {
            (*entries)[(*count)++] = entry;
            continue;
        }
        mem_free(entries);
        return status_fail(STATUS_CONFIG, "--%s '%s': %s", flag, list,
                           entry ? "an entry is empty" : "a quote is opened and never closed");
    }
    return STATUS_OK;
}

int64_t table_list_number(const char *entry)
{
    double number;
    if (strspn(entry, "0123456789") != strlen(entry) || !number_scan(entry, &number)) return -1;
    return number < TABLE_COLUMNS_MAX ? (int64_t)number : TABLE_COLUMNS_MAX;
}

const char *table_show(const char *text, char shown[TABLE_SHOW_SIZE])
{
    size_t used = 0;
    for (const char *c = text; *c;) {
        size_t length = utf8_character(c);
        bool plain = length > 0 && (unsigned char)*c >= 0x20 && *c != 0x7f;
        if (used + 4 + sizeof "..." > TABLE_SHOW_SIZE) {
            memcpy(shown + used, "...", sizeof "...");
            return shown;
        }
        if (!plain) length = 1;
        if (plain)
            memcpy(shown + used, c, length);
        else
            shown[used] = '?';
        used += length;
        c += length;
    }
    shown[used] = '\0';
    return shown;
}

enum status table_check_text(const char *text, const char *what)
{
    char shown[TABLE_SHOW_SIZE];
    if (!utf8_valid(text))
        return status_fail(STATUS_DATA, "the %s '%s' is not UTF-8; convert the file first (iconv -t UTF-8)",
                           what, table_show(text, shown));
    if (strlen(text) > TABLE_NAME_MAX)
        return status_fail(STATUS_DATA, "the %s '%s' is longer than %d bytes", what, table_show(text, shown),
                           TABLE_NAME_MAX);
    return STATUS_OK;
}
