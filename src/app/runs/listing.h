/* listing.h - prints a list of runs. Local functions; errors are STATUS_OTHER, memory. Private to the app layer. */
#ifndef APP_RUNS_LISTING_H
#define APP_RUNS_LISTING_H

#include <stdio.h>

#include "app/runs/list.h"

/* For people: the metrics that are shown in every line about an evaluation, and `metric` (or NULL), at their best; times
 * and rates; keys that differ, as long as they are few. */
enum status listing_print(const struct list *l, const char *metric, FILE *out);

/* For programs: all metrics at their best and at last, and all keys that differ; numbers with all digits. CSV has a row
 * for each run, JSON is one list. */
enum status listing_write_csv(const struct list *l, FILE *out);
void listing_write_json(const struct list *l, FILE *out);

#endif
