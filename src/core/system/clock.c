#include "core/system/clock.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#define COUNT_DIGITS 9 /* so that no sum of counts can overflow */

static double started; /* 0 = not yet: the clock counts from the machine's start */

static double now_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double clock_seconds(void)
{
    return now_of(CLOCK_MONOTONIC);
}

double clock_thread(void)
{
    return now_of(CLOCK_THREAD_CPUTIME_ID);
}

void clock_start(void)
{
    started = clock_seconds();
}

double clock_age(void)
{
    if (started == 0) clock_start();
    return clock_seconds() - started;
}

void clock_stamp(char text[CLOCK_STAMP_SIZE])
{
    time_t now = time(NULL);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(text, CLOCK_STAMP_SIZE, "%Y%m%d-%H%M%S", &parts);
}

/* The digits at *at; returns how many there are. */
static int read_count(const char **at, int64_t *count)
{
    int digits = 0;
    for (*count = 0; isdigit((unsigned char)**at); digits++, (*at)++)
        if (digits < COUNT_DIGITS) *count = 10 * *count + (**at - '0');
    return digits;
}

/* 2h30m */
static bool read_units(const char *text, int64_t *seconds)
{
    static const char letters[] = "dhms";
    static const int64_t units[] = {86400, 3600, 60, 1};
    size_t next = 0;
    *seconds = 0;
    for (const char *at = text; *at; at++) {
        int64_t count;
        int digits = read_count(&at, &count);
        const char *letter = *at ? strchr(letters + next, *at) : NULL;
        if (digits == 0 || digits > COUNT_DIGITS || !letter) return false;
        *seconds += count * units[letter - letters];
        next = (size_t)(letter - letters) + 1;
    }
    return true;
}

/* [D-]HH:MM:SS or MM:SS; only the first part may be any number. */
static bool read_clock(const char *text, int64_t *seconds)
{
    int64_t days = 0, part;
    int parts = 1;
    const char *at = text;
    bool has_days = strchr(text, '-') != NULL;
    if (has_days) {
        int digits = read_count(&at, &days);
        if (digits == 0 || digits > COUNT_DIGITS || *at++ != '-') return false;
    }
    int digits = read_count(&at, seconds);
    if (digits == 0 || digits > COUNT_DIGITS || (has_days && *seconds >= 24)) return false;
    for (; *at == ':' && parts < 3; parts++) {
        at++;
        if (read_count(&at, &part) != 2 || part >= 60) return false;
        *seconds = 60 * *seconds + part;
    }
    *seconds += days * 86400;
    return *at == '\0' && (parts == 3 || (parts == 2 && !has_days));
}

enum status clock_parse_duration(const char *text, int64_t *seconds)
{
    if (!(strchr(text, ':') ? read_clock(text, seconds) : read_units(text, seconds)) || !*text)
        return status_fail(
            STATUS_CONFIG,
            "'%s' is no duration; write one such as 90s, 55m, 2h30m or 1d12h, or as Slurm does, "
            "[D-]HH:MM:SS or MM:SS",
            text);
    if (*seconds == 0) return status_fail(STATUS_CONFIG, "'%s' is no time at all", text);
    return STATUS_OK;
}
