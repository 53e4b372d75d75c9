/* clock.h - time and durations. Local functions. */
#ifndef CORE_SYSTEM_CLOCK_H
#define CORE_SYSTEM_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* Returns the seconds of a monotonic clock with an arbitrary origin. */
double clock_seconds(void);

/* Returns the CPU time of this thread in seconds. */
double clock_thread(void);

/* Returns the seconds since clock_start, which main calls first; without it since the first call. */
void clock_start(void);
double clock_age(void);

/* Writes the current UTC time as YYYYMMDD-HHMMSS. */
#define CLOCK_STAMP_SIZE 16
void clock_stamp(char text[CLOCK_STAMP_SIZE]);

/* Reads a duration: counts with units, largest first (90s, 55m, 2h30m, 1d12h), or as in Slurm ([D-]HH:MM:SS,
 * MM:SS). A number without a unit, which Slurm reads as minutes, is an error. Errors: STATUS_CONFIG. */
enum status clock_parse_duration(const char *text, int64_t *seconds);

#endif
