/* log.h - lines for people: to stdout, warnings to stderr, and both to the log file of a run.
 *
 * Disabled until log_enable(true), which only rank 0 calls, so callers need not check their rank.
 * Thread-safe. */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <stdbool.h>

#include "core/status.h"

void log_enable(bool on);

/* Appends every line from now on to `path`, too. Errors: STATUS_OTHER. */
enum status log_open(const char *path);
void log_close(void);

/* Writes one line; the newline is added. log_warn writes "warning: ..." to stderr. */
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Sets a function that is called with true before a line goes to the terminal, and with false after it, so
 * that a progress bar can be erased. */
void log_set_hook(void (*hook)(bool about_to_write));

#endif
