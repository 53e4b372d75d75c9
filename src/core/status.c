#include "ddp/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char message[STATUS_TEXT_SIZE];

/* Messages quote what strangers wrote, and terminals obey control characters (in UTF-8 also U+0080 to U+009F). */
static void defuse(void)
{
    for (unsigned char *c = (unsigned char *)message; *c; c++) {
        if (*c < 0x20 || *c == 0x7f) *c = '?';
        if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0) c[0] = c[1] = '?';
    }
}

enum status status_fail(enum status code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    defuse();
    return code;
}

enum status status_at(enum status code, const char *format, ...)
{
    char inner[STATUS_TEXT_SIZE];
    memcpy(inner, message, sizeof inner);

    va_list args;
    va_start(args, format);
    int used = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    defuse();
    if (used < 0 || (size_t)used + 3 > sizeof message) return code;
    size_t room = sizeof message - (size_t)used - 3, length = strlen(inner);
    if (length > room) length = room;
    memcpy(message + used, ": ", 2);
    memcpy(message + used + 2, inner, length);
    message[(size_t)used + 2 + length] = '\0';
    return code;
}

const char *status_text(void)
{
    return message;
}
