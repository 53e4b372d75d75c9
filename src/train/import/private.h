/* private.h - the tensors of the model and those of the file, and which is which. */
#ifndef TRAIN_IMPORT_PRIVATE_H
#define TRAIN_IMPORT_PRIVATE_H

#include "io/archive/archive.h"
#include "nn/export/state_dict.h"
#include "train/import/import.h"

struct import_ours {
    const struct layer *layer;
    const struct tensor *tensor;
    char name[STATE_DICT_NAME];
    int64_t match; /* of the file, or -1 */
    bool by_order;
};

struct import_theirs {
    const struct archive_entry *entry;
    char renamed[IMPORT_NAME]; /* by the user, or "" */
    bool ignored;              /* no weight, or not wanted */
    int64_t match;             /* of the model, or -1 */
};

struct import {
    const struct model *model;
    const char *path;
    const struct import_renames *renames;
    struct archive *archive;
    struct import_ours *ours;     /* [ours_count] */
    struct import_theirs *theirs; /* [theirs_count] */
    int64_t ours_count, theirs_count;
    float *params;
    FILE *list;
    struct import_gaps gaps;
    int64_t loaded;
};

/* Sets `match` of both sides. Errors: STATUS_CONFIG when a rename matches nothing, STATUS_OTHER. */
enum status import_match(struct import *s);

/* Returns a name without what wrappers put in front of it. */
const char *import_unwrap(const char *name);

/* Whether both were paired by names that hold a word; the user's renames are also such. A name that is nothing but a number
 * ("0.weight") only tells a place in a list, which may be another one. */
bool import_is_sure(const struct import *s, int64_t ours);

/* The same for those that have none, by order, if that fits most of them. `whole`: also in place of pairs that are not
 * sure, if it fits all of them. */
enum status import_match_order(struct import *s, bool whole);

void import_pair(struct import *s, int64_t ours, int64_t theirs, bool by_order);
bool import_fits(const struct import *s, int64_t ours, int64_t theirs);

#endif
