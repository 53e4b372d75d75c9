/* number.c - strict numbers. */
#include "core/number.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* strtod alone would also accept leading blanks, hexadecimal, "inf" and "nan". */
static bool number_looks_decimal(const char *text)
{
    if (*text == '\0') return false;
    for (const char *c = text; *c; c++)
        if (!isdigit((unsigned char)*c) && *c != '.' && *c != '-' && *c != '+' && *c != 'e' && *c != 'E')
            return false;
    return true;
}

static bool number_scan_slowly(const char *text, double *value)
{
    char *end = NULL;
    if (!number_looks_decimal(text)) return false;
    *value = strtod(text, &end);
    return end != text && *end == '\0';
}

/* Up to 15 digits, with or without a point, as nearly all numbers of tables are: the digits and the power of
 * ten are exact doubles, so one division, rounded once, gives the nearest double (Clinger, "How to read
 * floating point numbers accurately", PLDI 1990). Everything else uses strtod. */
#define EXACT_DIGITS 15

bool number_scan(const char *text, double *value)
{
    static const double powers[EXACT_DIGITS + 1] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *c = text;
    bool negative = *c == '-';
    int64_t digits = 0;
    int count = 0, behind_point = 0;
    if (*c == '-' || *c == '+') c++;
    for (; *c >= '0' && *c <= '9' && count < EXACT_DIGITS; c++, count++) digits = 10 * digits + (*c - '0');
    if (*c == '.')
        for (c++; *c >= '0' && *c <= '9' && count < EXACT_DIGITS; c++, count++, behind_point++)
            digits = 10 * digits + (*c - '0');
    if (*c != '\0' || count == 0) return number_scan_slowly(text, value);
    double size = (double)digits / powers[behind_point];
    *value = negative ? -size : size;
    return true;
}

enum status number_parse_real(const char *text, double *value)
{
    double parsed;
    if (!number_scan(text, &parsed)) return status_fail(STATUS_CONFIG, "'%s' is not a number", text);
    if (!isfinite(parsed)) return status_fail(STATUS_CONFIG, "'%s' is out of range", text);
    *value = parsed;
    return STATUS_OK;
}

enum status number_parse_int(const char *text, int64_t *value)
{
    char *end = NULL;
    errno = 0;
    long long parsed = number_looks_decimal(text) ? strtoll(text, &end, 10) : 0;
    if (end && end != text && *end == '\0' && errno == 0) {
        *value = parsed;
        return STATUS_OK;
    }
    double real = 0; /* integers written as 1e3 or 512.0 */
    if (number_parse_real(text, &real) != STATUS_OK || real != floor(real) || fabs(real) > 9007199254740992.0)
        return status_fail(STATUS_CONFIG, "'%s' is not an integer", text);
    *value = (int64_t)real;
    return STATUS_OK;
}

enum status number_parse_bool(const char *text, bool *value)
{
    static const char *const words[2][4] = {{"false", "no", "off", "0"}, {"true", "yes", "on", "1"}};
    for (int truth = 0; truth < 2; truth++)
        for (int i = 0; i < 4; i++)
            if (strcasecmp(text, words[truth][i]) == 0) {
                *value = truth == 1;
                return STATUS_OK;
            }
    return status_fail(STATUS_CONFIG, "'%s' is neither true nor false", text);
}

void number_format(double value, char text[NUMBER_TEXT_SIZE])
{
    bool exponent = !(fabs(value) < 1e6); /* 20, not 2e+01 */
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, NUMBER_TEXT_SIZE, "%.*g", digits, value);
        if (strtod(text, NULL) == value && (exponent || !strstr(text, "e+"))) return;
    }
}
