/* inspect.h - what an HDF5 file holds, for people. */
#ifndef DATA_INSPECT_INSPECT_H
#define DATA_INSPECT_INSPECT_H

#include <stdbool.h>
#include <stdio.h>

#include "core/status.h"
#include "data/source/source.h"

/* Prints every dataset (shape, type, chunks, filters) and, for the root and every group with features and
 * labels that can be trained on, what the labels are (the number of samples of each class, or mean,
 * deviation and range of each target), those of weights if there is an object of their name, and mean,
 * deviation and range of each channel (at most four). What stands in the way of training is printed too
 * and is no failure. Of a pattern or list of files only the samples are
 * described. `names` are those of objects, NULL = the usual ones. Errors: a file that cannot be
 * read. Local. */
enum status inspect_data(const char *path, const struct source_options *names, FILE *out);

#endif
