/* records.h - TFRecord files (tensorflow.org/tutorials/load_data/tfrecord): records of any bytes, each with its
 * length and checksums. Local functions. Private to the app layer. */
#ifndef APP_TENSORBOARD_RECORDS_H
#define APP_TENSORBOARD_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Writes one record and flushes it. Returns whether that succeeded; errno says why not. */
bool records_write(FILE *out, const void *data, size_t bytes);

#endif
