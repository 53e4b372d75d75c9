/* clock.h - time. */
#ifndef CORE_SYSTEM_CLOCK_H
#define CORE_SYSTEM_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* Seconds of a monotonic clock with an arbitrary origin; for durations. */
double clock_seconds(void);

/* Seconds that this thread has had a core. */
double clock_thread(void);

/* Seconds since clock_start, which main calls first of all; since the first call of either if it does not. */
void clock_start(void);
double clock_age(void);

/* The current UTC time as YYYYMMDD-HHMMSS, for names of run directories. */
#define CLOCK_STAMP_SIZE 16
void clock_stamp(char text[CLOCK_STAMP_SIZE]);

/* Reads a duration: counts with units, greatest first (90s, 55m, 2h30m, 1d12h), or as Slurm writes it ([D-]HH:MM:SS, MM:SS).
 * A number without a unit, which Slurm takes for minutes, is an error. Errors: STATUS_CONFIG. */
enum status clock_parse_duration(const char *text, int64_t *seconds);

#endif
