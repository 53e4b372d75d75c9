/* range.c - parses the [a:b:c] behind a locator. */
#include "data/source/range.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *range_cut(char *locator)
{
    size_t length = strlen(locator);
    char *open = strrchr(locator, '[');
    if (!open || locator[length - 1] != ']' || access(locator, F_OK) == 0) return NULL;
    *open = '\0';
    return open + 1;
}

/* Reads a number that may be missing, and the character behind it. */
static bool range_take(const char **text, int64_t *value, bool *present, char *end)
{
    char *rest;
    const char *digits = **text == '-' ? *text + 1 : *text;
    errno = 0;
    *present = *digits >= '0' && *digits <= '9';
    if (!*present && digits != *text) return false;
    rest = (char *)digits;
    if (*present) *value = strtoll(*text, &rest, 10);
    *end = *rest;
    *text = rest + 1;
    return errno == 0 && (*end == ':' || *end == ']');
}

/* first, end, step of "a:b]" or "a:b:c]" in numbers[], present[]. */
static bool range_take_all(const char *text, int64_t numbers[3], bool present[3])
{
    char end = ':';
    int i = 0;
    for (; i < 3 && end == ':'; i++)
        if (!range_take(&text, &numbers[i], &present[i], &end)) return false;
    return i >= 2 && end == ']' && *text == '\0';
}

enum status range_parse(const char *text, int64_t samples, struct range *out)
{
    *out = (struct range){0, 1, samples};
    if (!text) return STATUS_OK;
    int64_t numbers[3] = {0, samples, 1};
    bool present[3] = {false};
    if (!range_take_all(text, numbers, present))
        return status_fail(STATUS_DATA, "[%s is not a range such as [0:16000], [-100:] or [4::5]", text);
    if (numbers[2] < 1)
        return status_fail(STATUS_DATA, "[%s has the step %" PRId64 "; it must be at least 1", text,
                           numbers[2]);
    for (int i = 0; i < 2; i++) {
        if (numbers[i] < -samples || numbers[i] > samples)
            return status_fail(STATUS_DATA, "[%s is outside the %" PRId64 " samples", text, samples);
        if (numbers[i] < 0) numbers[i] += samples;
    }
    if (numbers[0] >= numbers[1])
        return status_fail(STATUS_DATA, "[%s holds none of the %" PRId64 " samples", text, samples);
    *out = (struct range){numbers[0], numbers[2], (numbers[1] - numbers[0] - 1) / numbers[2] + 1};
    return STATUS_OK;
}
