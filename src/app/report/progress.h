/* progress.h - one progress bar at the bottom of the terminal, where there is one.
 *
 * Under mpirun a rank's stdout is a pipe or pseudo-terminal of the launcher, whatever the user sees, so the
 * bar is drawn on /dev/tty. It is redrawn at most ten times a second, steps aside for log lines, and rests
 * while the job is in the background. For rank 0; local functions. Private to the app layer. */
#ifndef APP_REPORT_PROGRESS_H
#define APP_REPORT_PROGRESS_H

#include <stdbool.h>

/* Finds a terminal; without one every later call does nothing. */
void progress_open(void);
void progress_close(void);

/* "LABEL [====>    ]  47 %  TEXT". False if there is no terminal that may be drawn on now. */
bool progress_draw(const char *label, double fraction, const char *text);

#endif
