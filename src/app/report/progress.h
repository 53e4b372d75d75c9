/* progress.h - one progress bar at the bottom of the terminal, if there is a terminal.
 *
 * Under mpirun the standard output of a rank is a pipe or pseudo-terminal of the launcher, so the bar is
 * drawn on /dev/tty. It is redrawn at most ten times a second, is erased before log lines, and pauses while
 * the job is in the background. For rank 0; local functions. Private to the app layer. */
#ifndef APP_REPORT_PROGRESS_H
#define APP_REPORT_PROGRESS_H

#include <stdbool.h>

/* Finds a terminal; without one the other functions do nothing. */
void progress_open(void);
void progress_close(void);

/* Draws "LABEL [====>    ]  47 %  TEXT". Returns false if there is no terminal that may be drawn on now. */
bool progress_draw(const char *label, double fraction, const char *text);

#endif
