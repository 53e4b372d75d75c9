/* csv_labels.h - labels of samples from a table, data.index: a CSV file with a line for each sample.
 *
 * The first line names the columns, the first column the samples; labels are one or several other columns, numbers. A
 * sample is called as its file or object, with as much of the path before it as the table writes, and with the
 * extension or without. The table may hold more lines than there are samples. Local functions. */
#ifndef DATA_SOURCE_CSV_LABELS_H
#define DATA_SOURCE_CSV_LABELS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

struct csv_labels;

/* Reads a table. `columns` are the names of the columns with labels, "a" or "a,b,c"; NULL = the usual name of labels,
 * or the only other column. Errors: STATUS_DATA, with the line: a name or a number that is missing, a name that comes
 * twice. */
enum status csv_labels_open(struct csv_labels **out, const char *path, const char *columns);
void csv_labels_close(struct csv_labels **t);

struct csv_labels_facts {
    int64_t width;              /* columns */
    bool integers;              /* all labels are whole numbers, written as such */
    const char *where;          /* "FILE: COLUMN" */
    const char *const *columns; /* [width]: their names */
};
struct csv_labels_facts csv_labels_get_facts(const struct csv_labels *t);

/* Gives its line to a sample. Errors: STATUS_DATA if another one has it. */
enum status csv_labels_claim(struct csv_labels *t, const char *name);

/* Writes the label of sample `number`, whose path is `name`; an array that is NULL is not wanted. Errors:
 * STATUS_DATA if the table does not have it; those of labels_take_block. */
enum status csv_labels_take(struct csv_labels *t, const char *name, int64_t number, int32_t *labels,
                            float *targets);

#endif
