/* log.c - lines for people. */
#include "core/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool enabled;
static FILE *file;
static void (*terminal_hook)(bool about_to_write);

void log_enable(bool on)
{
    enabled = on;
}

enum status log_open(const char *path)
{
    log_close();
    file = fopen(path, "a");
    if (!file) return status_fail(STATUS_OTHER, "%s: cannot be written: %s", path, strerror(errno));
    return STATUS_OK;
}

void log_close(void)
{
    if (file) fclose(file);
    file = NULL;
}

void log_set_hook(void (*hook)(bool about_to_write))
{
    terminal_hook = hook;
}

static void log_write_line(FILE *stream, const char *prefix, const char *format, va_list args)
{
    if (!enabled) return;
    va_list copy;
    va_copy(copy, args);
    pthread_mutex_lock(&mutex);
    if (terminal_hook) terminal_hook(true);
    fputs(prefix, stream);
    vfprintf(stream, format, args);
    fputc('\n', stream);
    fflush(stream);
    if (terminal_hook) terminal_hook(false);
    if (file) {
        fputs(prefix, file);
        vfprintf(file, format, copy);
        fputc('\n', file);
        fflush(file);
    }
    pthread_mutex_unlock(&mutex);
    va_end(copy);
}

void log_info(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_write_line(stdout, "", format, args);
    va_end(args);
}

void log_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_write_line(stderr, "warning: ", format, args);
    va_end(args);
}
