/* idx.h - IDX files, the format of MNIST and its relatives, to HDF5. */
#ifndef DATA_CONVERT_IDX_H
#define DATA_CONVERT_IDX_H

#include <stdbool.h>

#include "core/status.h"

/* Reads `images` (N,H,W) and `labels` (N,), both uint8, plain or gzip-compressed, and writes `out` with uint8
 * images (N,1,H,W) in chunks of whole samples and labels (N,). `class_names`: comma-separated, or NULL.
 * Errors: STATUS_DATA for input that is not what it should be, STATUS_CONFIG when `out` exists and
 * `overwrite` is false; nothing is left behind then. Local. */
enum status idx_convert(const char *images, const char *labels, const char *out, const char *class_names,
                        bool overwrite);

#endif
