#include "ddp/number.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* strtod alone would also take leading blanks, hexadecimal, "inf" and "nan". */
static bool looks_decimal(const char *text)
{
    if (*text == '\0') return false;
    for (const char *c = text; *c; c++)
        if (!isdigit((unsigned char)*c) && *c != '.' && *c != '-' && *c != '+' && *c != 'e' && *c != 'E')
            return false;
    return true;
}

enum status number_parse_real(const char *text, double *value)
{
    char *end = NULL;
    errno = 0;
    double parsed = looks_decimal(text) ? strtod(text, &end) : 0;
    if (!end || end == text || *end != '\0') return status_fail(STATUS_CONFIG, "'%s' is not a number", text);
    if (!isfinite(parsed)) return status_fail(STATUS_CONFIG, "'%s' is out of range", text);
    *value = parsed;
    return STATUS_OK;
}

enum status number_parse_int(const char *text, int64_t *value)
{
    char *end = NULL;
    errno = 0;
    long long parsed = looks_decimal(text) ? strtoll(text, &end, 10) : 0;
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
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, NUMBER_TEXT_SIZE, "%.*g", digits, value);
        if (strtod(text, NULL) == value) return;
    }
}
