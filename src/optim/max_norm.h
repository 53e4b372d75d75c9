/* max_norm.h - limits the norms of the rows of weights.
 *
 * A row is W[o], all that belongs to one index of the first axis. Owners of parts of the flat vector add the
 * squares of their pieces of rows, cut at multiples of UPDATE_CELL, in double; the merged pieces of a row are
 * added in order, so norms do not depend on how the vector is shared out. Local functions. */
#ifndef OPTIM_MAX_NORM_H
#define OPTIM_MAX_NORM_H

#include <stdint.h>

#include "core/status.h"

struct kernels;
struct update_tensor;

struct max_norm {
    const struct kernels *kernels;
    double bound;
    const struct update_tensor *tensors; /* [tensor_count], borrowed */
    int64_t tensor_count;
    int64_t *first_rows; /* [tensor_count]: rows of the tensors before */
    float *factors;      /* [rows], of this step */
    double *pieces;      /* [piece_count]: squares; set to 0 before a sweep, merged after it */
    int64_t piece_count;
};

/* Errors: STATUS_OTHER, memory; max_norm_free also then. */
enum status max_norm_init(struct max_norm *m, const struct kernels *kernels, double bound,
                          const struct update_tensor *tensors, int64_t tensor_count);
void max_norm_free(struct max_norm *m);

/* Adds the squares of weights [first, first + count) of a tensor with rows; whole cells, or cut where the
 * tensor begins or ends. */
void max_norm_measure(struct max_norm *m, int64_t tensor, int64_t first, int64_t count, const float *weights);

/* From the merged pieces to the factor of every row. */
void max_norm_finish(struct max_norm *m);

/* Scales weights [first, first + count) of a tensor with rows by the factors of their rows: bound / (norm +
 * 1e-7) where the norm exceeds the bound, as torch.renorm. */
void max_norm_limit(const struct max_norm *m, int64_t tensor, int64_t first, int64_t count, float *weights);

#endif
