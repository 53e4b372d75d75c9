/* status.h - how a function says that bad input or a bad environment stopped it.
 *
 * Two kinds of failure are never mixed. Bad input or environment returns a status whose message was made
 * once, at the failing line. A broken invariant of our own is an assert. No function of a library exits;
 * only main turns a status into an exit code, and the value of a status IS that exit code.
 *
 * The message is one line without a newline: what, where, what to do. It is kept per thread. */
#ifndef CORE_STATUS_H
#define CORE_STATUS_H

#include <stdbool.h>

/* Name, exit code, and what it means to people; the one list of them. */
#define STATUS_MAP(X)                                                                                        \
    X(OK, 0, "done")                                                                                         \
    X(OTHER, 1, "failed")                                                                                    \
    X(CONFIG, 2, "usage or configuration")                                                                   \
    X(DATA, 3, "data")                                                                                       \
    X(DIVERGED, 4, "diverged")                                                                               \
    X(DIFFERS, 5, "the nodes no longer hold the same state")                                                 \
    X(REQUEUE, 75, "saved before the end; start again to continue")                                          \
    X(WATCHDOG, 86, "a rank did not come along")                                                             \
    X(INTERRUPTED, 130, "interrupted")

#define STATUS_ENUM(name, code, text) STATUS_##name = (code),
enum status { STATUS_MAP(STATUS_ENUM) };
#undef STATUS_ENUM

#define STATUS_TEXT_SIZE 1024

/* Sets this thread's message and returns `code`; written to stand in a return statement. Control characters become
 * question marks. */
enum status status_fail(enum status code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "where: " in front of this thread's message and returns `code`, for callers who know the place. A message that begins with
 * it already stays as it is: some failures below know their file, others only what is wrong in it. */
enum status status_at(enum status code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* This thread's last message; "" if none. Valid until the next status_fail or status_at of the thread. */
const char *status_text(void);

/* Whether it stands for an early end that was asked for: no failure, and the message says how to go on. */
static inline bool status_is_stop(enum status status)
{
    return status == STATUS_REQUEUE || status == STATUS_INTERRUPTED;
}

/* Forwards a failure to the caller unchanged. */
#define TRY(expression)                                                                                      \
    do {                                                                                                     \
        enum status try_status_ = (expression);                                                              \
        if (try_status_ != STATUS_OK) return try_status_;                                                    \
    } while (0)

#endif
