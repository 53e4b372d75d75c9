/* status.c - the message of an error. */
#include "core/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/utf8.h"

static _Thread_local char message[STATUS_TEXT_SIZE]; /* may quote text from outside */

enum status status_fail(enum status code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    utf8_mask_controls(message);
    return code;
}

enum status status_at(enum status code, const char *format, ...)
{
    char inner[STATUS_TEXT_SIZE];
    memcpy(inner, message, sizeof inner);

    va_list args;
    va_start(args, format);
    int written = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    utf8_mask_controls(message);
    size_t used = written > 0 ? (size_t)written : 0;
    if (used + 3 > sizeof message) return code;
    bool said = strncmp(inner, message, used) == 0 && strncmp(inner + used, ": ", 2) == 0;
    snprintf(message + used, sizeof message - used, "%s%s", said ? "" : ": ", inner + (said ? used : 0));
    return code;
}

const char *status_text(void)
{
    return message;
}
