/* clock.h - time. */
#ifndef DDP_CLOCK_H
#define DDP_CLOCK_H

#include <stddef.h>

/* Seconds of a monotonic clock with an arbitrary origin; for durations. */
double clock_seconds(void);

/* The current UTC time as YYYYMMDD-HHMMSS, for names of run directories. */
#define CLOCK_STAMP_SIZE 16
void clock_stamp(char text[CLOCK_STAMP_SIZE]);

#endif
