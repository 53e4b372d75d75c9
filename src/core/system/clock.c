/* clock.c - time and durations. */
#include "core/system/clock.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#define COUNT_DIGITS 9 /* keeps sums of counts from overflowing */

static double started; /* 0 = not yet */

static double clock_read(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double clock_seconds(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

double clock_thread(void)
{
    return clock_read(CLOCK_THREAD_CPUTIME_ID);
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
static int clock_read_count(const char **at, int64_t *count)
{
    int digits = 0;
    for (*count = 0; isdigit((unsigned char)**at); digits++, (*at)++)
        if (digits < COUNT_DIGITS) *count = 10 * *count + (**at - '0');
    return digits;
}

/* 2h30m */
static bool clock_read_units(const char *text, int64_t *seconds)
{
    static const char letters[] = "dhms";
    static const int64_t units[] = {86400, 3600, 60, 1};
    size_t next = 0;
    *seconds = 0;
    for (const char *at = text; *at; at++) {
        int64_t count;
        int digits = clock_read_count(&at, &count);
        const char *letter = *at ? strchr(letters + next, *at) : NULL;
        if (digits == 0 || digits > COUNT_DIGITS || !letter) return false;
        *seconds += count * units[letter - letters];
        next = (size_t)(letter - letters) + 1;
    }
    return true;
}

/* Reads [D-]HH:MM:SS or MM:SS; only the first part may be larger than 59 (hours after days: 23). */
static bool clock_read_slurm(const char *text, int64_t *seconds)
{
    int64_t days = 0, part;
    int parts = 1;
    const char *at = text;
    bool has_days = strchr(text, '-') != NULL;
    if (has_days) {
        int digits = clock_read_count(&at, &days);
        if (digits == 0 || digits > COUNT_DIGITS || *at++ != '-') return false;
    }
    int digits = clock_read_count(&at, seconds);
    if (digits == 0 || digits > COUNT_DIGITS || (has_days && *seconds >= 24)) return false;
    for (; *at == ':' && parts < 3; parts++) {
        at++;
        if (clock_read_count(&at, &part) != 2 || part >= 60) return false;
        *seconds = 60 * *seconds + part;
    }
    *seconds += days * 86400;
    return *at == '\0' && (parts == 3 || (parts == 2 && !has_days));
}

enum status clock_parse_duration(const char *text, int64_t *seconds)
{
    if (!(strchr(text, ':') ? clock_read_slurm(text, seconds) : clock_read_units(text, seconds)) || !*text)
        return status_fail(STATUS_CONFIG,
                           "'%s' is not a duration; write it as 90s, 55m, 2h30m or 1d12h, or as in Slurm: "
                           "[D-]HH:MM:SS or MM:SS",
                           text);
    if (*seconds == 0)
        return status_fail(STATUS_CONFIG, "'%s' is zero; a duration must be at least 1s", text);
    return STATUS_OK;
}
