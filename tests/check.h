/* check.h - the test harness of the C tests: named cases, and checks that say where they fail and go on.
 *
 *     int main(int argc, char **argv)
 *     {
 *         check_begin(argc, argv);
 *         CHECK_CASE(test_round_trip());
 *         for (int i = 0; i < 3; i++) CHECK_CASE_OF(names[i], check_layer(i));
 *         return check_result();
 *     }
 *
 * These cases are "round_trip" and "layer conv2d", "layer linear", ... The program without arguments runs all
 * cases, with arguments those whose name contains one of them, and with --list prints their names. */
#ifndef CHECK_H
#define CHECK_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"

#define CHECK_NAMES     512 /* distinct names of a program's cases */
#define CHECK_NAME_SIZE 64

static int check_failures;
static int check_count;
static char **check_wanted; /* parts of names, up to NULL */
static bool check_lists;
static char check_known_cases[CHECK_NAMES][CHECK_NAME_SIZE]; /* of the cases that were run or listed */
static int check_known_count, check_case_at;

/* Runs the call, which is `test_NAME(...)` or `check_NAME(...)`, if the case NAME is wanted. */
#define CHECK_CASE(...) CHECK_CASE_OF("", __VA_ARGS__)
/* The same with a name of two words: NAME and the text `detail`. */
#define CHECK_CASE_OF(detail, ...)                                                                           \
    do {                                                                                                     \
        if (check_case_begin(#__VA_ARGS__, detail)) {                                                        \
            int check_before_ = check_failures;                                                              \
            __VA_ARGS__;                                                                                     \
            check_case_end(check_failures - check_before_);                                                  \
        }                                                                                                    \
    } while (0)

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

/* Reads the command line; the first statement of main. */
static inline void check_begin(int argc, char **argv)
{
    check_lists = argc == 2 && strcmp(argv[1], "--list") == 0;
    check_wanted = argv + (check_lists ? argc : 1);
    if (argc < 2 || check_lists || argv[1][0] != '-') return;
    fprintf(stderr, "usage: %s [--list | PART_OF_A_NAME...]; --list prints the names of the cases\n",
            argv[0]);
    exit(2);
}

static inline bool check_is_wanted(const char *name)
{
    for (char **part = check_wanted; part && *part; part++)
        if (strstr(name, *part)) return true;
    return !check_wanted || !*check_wanted;
}

/* Whether to run the case now. A name comes more than once if a case is run with several arguments. */
static inline bool check_case_begin(const char *call, const char *detail)
{
    char name[CHECK_NAME_SIZE];
    const char *underscore = strchr(call, '_');
    const char *start = underscore ? underscore + 1 : call;
    snprintf(name, sizeof name, "%.*s%s%s", (int)strcspn(start, "("), start, *detail ? " " : "", detail);
    if (!check_is_wanted(name)) return false;
    int i = 0;
    while (i < check_known_count && strcmp(check_known_cases[i], name) != 0) i++;
    check_case_at = i;
    if (i == CHECK_NAMES) abort();
    if (i == check_known_count) memcpy(check_known_cases[check_known_count++], name, sizeof name);
    return !check_lists;
}

static inline void check_case_end(int failures)
{
    if (failures) fprintf(stderr, "case '%s': %d failed\n", check_known_cases[check_case_at], failures);
}

/* The program's exit code. No check at all also counts as a failure: a test that cannot fail is none. */
static inline int check_result(void)
{
    const char *rank = getenv("OMPI_COMM_WORLD_RANK");
    for (int i = 0; check_lists && i < check_known_count && (!rank || strcmp(rank, "0") == 0); i++)
        printf("%s\n", check_known_cases[i]);
    if (check_lists) return 0;
    bool found = check_known_count > 0 || !check_wanted || !*check_wanted;
    if (!found) fprintf(stderr, "no case has such a name; --list prints the names\n");
    fprintf(stderr, "%d cases, %d checks, %d failed\n", check_known_count, check_count, check_failures);
    return check_failures != 0 || check_count == 0 || !found;
}

#endif
