/* renames.h - reads the file of --init-map. */
#ifndef APP_CLI_RENAMES_H
#define APP_CLI_RENAMES_H

#include "train/import/import.h"

/* Reads a YAML mapping "THEIRS: OURS", or lines "THEIRS OURS". Released with renames_free, also after an error. Local.
 * Errors: STATUS_CONFIG. */
enum status renames_load(struct import_renames *r, const char *path);
void renames_free(struct import_renames *r);

#endif
