/* page.h - report.html: runs as a page that a browser shows without a network.
 *
 * For rank 0; local functions. Private to the app layer. */
#ifndef APP_PAGE_PAGE_H
#define APP_PAGE_PAGE_H

#include "app/runs/list.h"

/* Writes the page of the runs, compared if there are several. Files of a run that are missing, or not complete, are left
 * out of it. Errors: STATUS_OTHER, memory or the file. */
enum status page_write(const struct list *l, const char *path);

/* Writes the page of one run directory into it, as report.html; `state` is what the caller knows of it. Errors: those of
 * list_add and page_write. */
enum status page_write_run(const char *folder, enum run_state state);

#endif
