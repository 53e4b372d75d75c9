/* zipped.h - the formats that are zip files inside: each lists what it finds. */
#ifndef IO_ARCHIVE_ZIPPED_H
#define IO_ARCHIVE_ZIPPED_H

#include "io/archive/private.h"
#include "io/archive/unzip.h"

enum status npz_list(struct archive *a, struct unzip *zip);

/* `root` is the folder in the file with data.pkl, "archive" or another. */
enum status torch_list(struct archive *a, struct unzip *zip, const char *root);

#endif
