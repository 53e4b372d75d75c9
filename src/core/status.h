/* status.h - how a function reports bad input or a bad environment.
 *
 * Two kinds of failure are never mixed. Bad input or environment returns a status with a message made once,
 * at the failing line. A broken invariant asserts. No library function exits; only main turns a status into
 * an exit code, and the value of a status is that exit code.
 *
 * The message is one line without a newline: what, where, what to do. It is kept per thread. */
#ifndef CORE_STATUS_H
#define CORE_STATUS_H

#include <stdbool.h>

/* The list of statuses: name, exit code, and meaning in the help. */
#define STATUS_MAP(X)                                                                                        \
    X(OK, 0, "done")                                                                                         \
    X(OTHER, 1, "failed")                                                                                    \
    X(CONFIG, 2, "usage or configuration error")                                                             \
    X(DATA, 3, "data error")                                                                                 \
    X(DIVERGED, 4, "diverged")                                                                               \
    X(DIFFERS, 5, "nodes disagree")                                                                          \
    X(REQUEUE, 75, "saved before completion; start again to continue")                                       \
    X(WATCHDOG, 86, "a rank stopped responding")                                                             \
    X(INTERRUPTED, 130, "interrupted")

#define STATUS_ENUM(name, code, text) STATUS_##name = (code),
enum status { STATUS_MAP(STATUS_ENUM) };
#undef STATUS_ENUM

#define STATUS_TEXT_SIZE 1024

/* Sets the message of this thread and returns `code`, for use in a return statement. Control characters
 * become question marks. */
enum status status_fail(enum status code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "where: " before the message of this thread and returns `code`, for callers that know the place. A
 * message that already begins with it stays as it is. */
enum status status_at(enum status code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Returns the last message of this thread; "" if none. Valid until its next status_fail or status_at. */
const char *status_text(void);

/* Returns whether the status is a requested early end: not a failure, and the message says how to continue.
 */
static inline bool status_is_stop(enum status status)
{
    return status == STATUS_REQUEUE || status == STATUS_INTERRUPTED;
}

/* Returns from the calling function with the status of `expression` if it is not STATUS_OK. */
#define TRY(expression)                                                                                      \
    do {                                                                                                     \
        enum status try_status_ = (expression);                                                              \
        if (try_status_ != STATUS_OK) return try_status_;                                                    \
    } while (0)

#endif
