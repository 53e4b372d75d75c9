/* check.h - the whole test harness of the C tests: a check that fails says where, and the program goes on.
 *
 * int main(void) { test_a(); test_b(); return check_result(); } */
#ifndef CHECK_H
#define CHECK_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/status.h"

static int check_failures;
static int check_count;

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        check_count++;                                                                                       \
        if (!(condition)) {                                                                                  \
            check_failures++;                                                                                \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition);                          \
        }                                                                                                    \
    } while (0)

/* |a - b| <= bound, false for NaN. */
#define CHECK_NEAR(a, b, bound)                                                                              \
    do {                                                                                                     \
        double check_a_ = (a), check_b_ = (b);                                                               \
        check_count++;                                                                                       \
        if (!(fabs(check_a_ - check_b_) <= (bound))) {                                                       \
            check_failures++;                                                                                \
            fprintf(stderr, "%s:%d: %s = %.9g, %s = %.9g, apart by more than %g\n", __FILE__, __LINE__, #a,  \
                    check_a_, #b, check_b_, (double)(bound));                                                \
        }                                                                                                    \
    } while (0)

/* The expression must return `code`; prints the message when it does not. */
#define CHECK_STATUS(expression, code)                                                                       \
    do {                                                                                                     \
        enum status check_status_ = (expression);                                                            \
        check_count++;                                                                                       \
        if (check_status_ != (code)) {                                                                       \
            check_failures++;                                                                                \
            fprintf(stderr, "%s:%d: %s gave %d (%s)\n", __FILE__, __LINE__, #expression, check_status_,      \
                    status_text());                                                                          \
        }                                                                                                    \
    } while (0)

/* The message is one line that holds `part`; prints it when it is not. */
static inline int says(const char *part)
{
    int good = strstr(status_text(), part) != NULL && strchr(status_text(), '\n') == NULL;
    if (!good) fprintf(stderr, "expected '%s' in: %s\n", part, status_text());
    return good;
}

/* No check at all also counts as a failure: a test that cannot fail is none. */
static inline int check_result(void)
{
    fprintf(stderr, "%d checks, %d failed\n", check_count, check_failures);
    return check_failures != 0 || check_count == 0;
}

#endif
