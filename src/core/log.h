/* log.h - lines for people: to stdout, to stderr for warnings and errors, and to the run's log.txt.
 *
 * Off by default on every rank but the one that calls log_enable(true), so callers need not ask who they
 * are. Thread-safe (one write per line). */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <stdbool.h>

#include "core/status.h"

void log_enable(bool on);

/* Also appends every line to `path` from now on. */
enum status log_open(const char *path);
void log_close(void);

/* One line; the newline is added. log_warn writes "warning: ..." to stderr. */
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Called with true before, and false after, a line goes to the terminal, so that a progress bar can step
 * aside. */
void log_set_hook(void (*hook)(bool about_to_write));

#endif
