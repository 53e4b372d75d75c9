/* import.h - starts from weights that another program has written: PyTorch, safetensors, NumPy or Keras.
 *
 * Tensors are matched by their keys in a state_dict (nn/export/state_dict.h), without the prefixes that wrappers add
 * ("module.", "model.", what all names have in common). The others are matched by order and shape: layers whose weights
 * have the same number of axes, one after another. Names that are nothing but numbers ("0.weight") say little: where the
 * order fits all tensors, it counts and not they. Local functions. */
#ifndef TRAIN_IMPORT_IMPORT_H
#define TRAIN_IMPORT_IMPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "core/pattern.h"
#include "core/status.h"
#include "nn/model.h"

#define IMPORT_NAME    256
#define IMPORT_NOTHING "-" /* in place of our name: the tensor is not wanted */

/* What the user says of names: a pattern of names in the file, and the name of the model's tensor, where each '*' stands
 * for what that of the same number in the pattern matched. */
struct import_rename {
    char theirs[IMPORT_NAME], ours[IMPORT_NAME];
};
struct import_renames {
    const char *path; /* of the file that lists them */
    int count;
    struct import_rename *rules; /* [count]; the first that matches counts */
};

/* Writes what matches into params, the flat vector, and lists every tensor of both sides. `strict`: a tensor that is not
 * loaded, or one of the file that is not used, is an error (STATUS_DATA). Errors: STATUS_CONFIG when nothing matches, or
 * when a rename matches nothing; STATUS_DATA. */
enum status import_weights(const struct model *m, const char *path, const struct import_renames *renames,
                           bool strict, float *params, FILE *list);

/* Writes a row of the list; control characters of names, which are from a file, are masked. */
#define IMPORT_ROW 1024
void import_write_row(FILE *list, const char *name, const char *shape, const char *what);

/* What is missing for a strict import: counts, and the first one with the reason. */
struct import_gaps {
    int64_t unloaded, unused;
    char first[STATUS_TEXT_SIZE / 2];
};
void import_note_gap(struct import_gaps *g, int64_t *count, const char *name, const char *why);
enum status import_check_gaps(const struct import_gaps *g);

#endif
