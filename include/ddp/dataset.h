/* dataset.h - a whole set of samples in the memory of a node, as stored, shared by its ranks.
 *
 * The ranks of a node read disjoint runs of samples in parallel into one shared window; after that no
 * file is touched. */
#ifndef DDP_DATASET_H
#define DDP_DATASET_H

#include <stddef.h>

#include "ddp/comm.h"
#include "ddp/source.h"

struct dataset;

/* Collective; all ranks return the same status. x and y: object names or NULL. Errors: see source.h. */
enum status dataset_load(struct dataset **out, struct comm *comm, const char *locator, const char *x,
                         const char *y);
void dataset_destroy(struct dataset **d); /* collective */

const char *dataset_locator(const struct dataset *d);
const struct source_info *dataset_info(const struct dataset *d);
const void *dataset_features(const struct dataset *d, int64_t sample); /* [F] in the source's type */
int32_t dataset_label(const struct dataset *d, int64_t sample);

/* The names if there are exactly `classes`, else NULL. */
const char *const *dataset_class_names(const struct dataset *d, int64_t classes);

/* STATUS_DATA, naming the sample, if a label is not below the model's number of outputs. Local. */
enum status dataset_check_labels(const struct dataset *d, int64_t outputs);

size_t dataset_bytes(const struct dataset *d);
uint64_t dataset_hash(const struct dataset *d); /* of samples and labels as stored */

/* The samples of part `index` of `parts`, in whole blocks of moments.h: first .. end-1. */
void dataset_part(const struct dataset *d, int parts, int index, int64_t *first, int64_t *end);

#endif
