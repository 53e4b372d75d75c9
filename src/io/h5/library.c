/* library.c - the HDF5 library itself: its start, and the cause of its last failure. */
#include <stdio.h>
#include <string.h>

#include "io/h5/private.h"

void h5_start(void)
{
    static bool started;
    static _Thread_local bool silenced; /* HDF5 keeps its errors, and whether it prints them, per thread */
    /* Everything is closed explicitly. HDF5's cleanup at exit would crash after a write error on a full
     * disk. */
    if (!started) H5dont_atexit();
    if (!started) H5open();
    started = true;
    if (!silenced) H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    silenced = true;
}

void h5_version(char text[H5_NAME_SIZE])
{
    unsigned major = 0, minor = 0, release = 0;
    h5_start();
    H5get_libversion(&major, &minor, &release);
    snprintf(text, H5_NAME_SIZE, "%u.%u.%u", major, minor, release);
}

/* Keeps the innermost message; of a failed system call only the text of its errno. */
static herr_t h5_keep_innermost(unsigned n, const H5E_error2_t *error, void *text)
{
    int code;
    if (n > 0 || !error->desc) return 0;
    const char *number = strstr(error->desc, "errno = ");
    bool known = number && sscanf(number, "errno = %d", &code) == 1;
    snprintf(text, H5_TEXT_SIZE, "%s", known ? strerror(code) : error->desc);
    return 0;
}

const char *h5_cause(void)
{
    static _Thread_local char text[H5_TEXT_SIZE];
    snprintf(text, sizeof text, "unknown cause");
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, h5_keep_innermost, text);
    return text;
}
