#include "ddp/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ddp/utf8.h"

static _Thread_local char message[STATUS_TEXT_SIZE]; /* it quotes what strangers wrote */

enum status status_fail(enum status code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    utf8_defuse(message);
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
    utf8_defuse(message);
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
