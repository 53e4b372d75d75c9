/* dataset.h - a set of samples: labels and weights in the memory of a node, shared by its ranks, features as
 * stored in a store (store.h).
 *
 * The ranks of a node read disjoint runs of samples in parallel. What the labels mean is found out on the way
 * (infer.h). A set can be cut in two, which then are views of the same samples. */
#ifndef DATA_DATASET_DATASET_H
#define DATA_DATASET_DATASET_H

#include <stddef.h>

#include "comm/comm.h"
#include "nn/losses/sum.h"
#include "data/order.h"
#include "data/source/source.h"
#include "data/store/store.h"

struct dataset;

/* Shapes that labels may have. */
struct dataset_outputs {
    bool known;          /* false: the configuration describes no model for them */
    struct shape input;  /* of samples, as the model gets them */
    struct shape of;     /* of its outputs */
    struct shape labels; /* the same, but with the positions that labels have in a file */
};

/* Which labels a set may have. */
struct dataset_labels {
    const struct loss_ops *loss; /* NULL = for no loss: everything is taken */
    const struct arg_values *loss_args;
    const struct loss_list *loss_list; /* NULL, or of a sum of losses */
    bool fixed;                        /* the kind is not inferred, but */
    enum target_kind kind;             /* this one */
    int64_t offset;                    /* of class indices: the first one in the file */
    const struct label_map *map;       /* of numbers to class indices; NULL or empty = they are the same */
    const char *fixed_by;              /* why: "data.labels is probs", for messages */

    /* What the model makes of samples of this shape: it says which axes of labels are positions. NULL, or not `known`:
     * labels have no positions. Errors: STATUS_CONFIG if there are no such samples. */
    enum status (*find_outputs)(const void *self, struct shape stored, struct dataset_outputs *outputs);
    const void *self;
};

/* Reads a set, into the memory of each node or into another store. Collective; all ranks return the same status.
 * Errors: see source.h; labels that are not what the loss takes. STATUS_CONFIG if the loss does not take the
 * fixed kind. */
enum status dataset_load(struct dataset **out, struct comm *comm, const char *locator,
                         const struct source_options *names, const struct dataset_labels *labels);
enum status dataset_load_into(struct dataset **out, struct comm *comm, const char *locator,
                              const struct source_options *names, const struct dataset_labels *labels,
                              const struct store_options *where);
void dataset_destroy(struct dataset **d); /* collective */

/* Opens a source on all ranks: rank 0 looks at the files, the others take what it has found, which is *found, for
 * further sources of the locator (source_options.found); owned by the caller, also after an error. Collective; all
 * ranks return the same status. Errors: see source.h. */
enum status dataset_open_source(struct source **out, char **found, struct comm *comm, const char *locator,
                                const struct source_options *names);

/* Takes the share `fraction` of the samples, rounded up (sklearn.model_selection.train_test_split), out of
 * `d` into *rest: a random choice that depends on seed and number of samples only. Both keep the order of
 * the file. Collective. Errors: STATUS_DATA if one of them is left without samples. */
enum status dataset_split(struct dataset *d, struct comm *comm, double fraction, uint64_t seed,
                          struct dataset **rest);

/* Whether the file is still as it was when it was opened. Errors: STATUS_DATA with what has changed.
 * Local. */
enum status dataset_check(const struct dataset *d);

const char *dataset_locator(const struct dataset *d);
const struct source_info *dataset_info(const struct dataset *d);

/* Labels and weights, which are always in memory: for each position of a sample a class index for
 * TARGET_INDEX, else K numbers; multi-label ones are 0 and 1 however they are stored. Labels (N,) and (N,K)
 * have one position. */
enum target_kind dataset_kind(const struct dataset *d);
int64_t dataset_width(const struct dataset *d);     /* K; 0 for TARGET_INDEX */
int64_t dataset_positions(const struct dataset *d); /* P */
bool dataset_has_targets(const struct dataset *d);  /* false only where labels are optional */

/* Whether a sample's targets are its features, as the model gets them: then there are none in memory. */
bool dataset_targets_are_features(const struct dataset *d);
const int32_t *dataset_classes(const struct dataset *d, int64_t sample); /* [P] */
const float *dataset_targets(const struct dataset *d, int64_t sample);   /* [K][P] */

/* Of a set that has weights: [dataset_weight_width], which is 1 or P. */
const float *dataset_weights(const struct dataset *d, int64_t sample);
int64_t dataset_weight_width(const struct dataset *d);

/* The rows of a batch; an array that is NULL is not wanted. What is pointed at is read only, and stays
 * valid until the next call for this set. */
struct dataset_rows {
    const void **features;  /* [count]: of each sample its [F], in the source's type */
    const int32_t **labels; /* [count]: of each sample its [P], of TARGET_INDEX */
    const float **targets;  /* [count]: of each sample its [K][P], of all other kinds */
    const float **weights;  /* [count]: of each sample its weights, of a set that has any */
};

/* Looks up `count` samples in any order, all of a batch in one call. The only access to features. Features that
 * are not in the memory of the node are fetched beforehand if dataset_expect or dataset_stream said so, else
 * now. Local. Allocates nothing. */
void dataset_take(const struct dataset *d, const int64_t *samples, int64_t count,
                  const struct dataset_rows *rows);

/* Lets an epoch draw its samples with replacement: by their weights, or each class equally often. Collective.
 * Errors: STATUS_CONFIG where the features stay in their file, or samples have no class, or no single weight;
 * STATUS_DATA if all weights are 0. */
enum status dataset_draw(struct dataset *d, struct comm *comm, bool by_class);

/* From now on the samples of this view weigh the same. Local. */
void dataset_leave_weights(struct dataset *d);

/* What is taken next: see store.h. The order of an epoch; once, before the first step (collective); at the start
 * of every step; before samples are taken in their order. In a set that is in memory they do nothing. */
struct order dataset_order(const struct dataset *d, uint64_t seed, uint64_t epoch, bool shuffle);
enum status dataset_prepare(struct dataset *d, struct comm *comm, const struct store_plan *plan);
void dataset_expect(struct dataset *d, const struct order *order, int64_t position);
enum status dataset_stream(const struct dataset *d, int64_t first, int64_t end, int64_t at_once);

/* Why features that were taken could not be read; they were arbitrary then. Errors: STATUS_DATA, naming file, data
 * set and samples. Local. */
enum status dataset_status(const struct dataset *d);

/* Returns the place of a sample among all samples of the locator, and their number; how many of them could not be read
 * and are left out (source_options.skip). */
int64_t dataset_place(const struct dataset *d, int64_t sample);
int64_t dataset_all_samples(const struct dataset *d);
int64_t dataset_left_out(const struct dataset *d);

/* Reads the numbers of an attribute of the features, see source.h; on rank 0, for all. Collective. Errors:
 * STATUS_DATA. */
enum status dataset_read_attribute(const struct dataset *d, struct comm *comm, const char *name,
                                   int64_t count, double *values, int64_t *found);

/* Returns the number of a sample in its file, and "FILE: OBJECT" of its labels, valid until the next call. */
int64_t dataset_number(const struct dataset *d, int64_t sample);
const char *dataset_where(const struct dataset *d, int64_t sample);

/* Returns the names of the classes if there are exactly `classes`, else NULL. */
const char *const *dataset_class_names(const struct dataset *d, int64_t classes);

/* Checks the labels against the number of outputs of a model. Errors: STATUS_DATA for an index that is not
 * below it, or another number of columns. Local. */
enum status dataset_check_labels(const struct dataset *d, int64_t outputs);

/* STATUS_DATA if the set has labels, but not for the same number of positions as the training set. Local. */
enum status dataset_check_positions(const struct dataset *d, int64_t positions);

/* Checks that some sample counts. Errors: STATUS_DATA if all weights are 0, or the loss ignores the labels
 * of the others. Local. */
enum status dataset_check_counts(const struct dataset *d);

/* Checks that the loss ignores no label of the set. Errors: STATUS_DATA, naming the sample. Local. */
enum status dataset_check_none_ignored(const struct dataset *d);

/* What becomes of missing values: features that are NaN stand for themselves with MISSING_MEAN and
 * MISSING_ZERO only. */
enum data_missing dataset_missing(const struct dataset *d);

/* Whether the features stay in the file (data.store: window). */
bool dataset_stays_in_file(const struct dataset *d);

/* Warns where neighbours in the file share their class, and a window holds but a part of the set. Local. */
void dataset_warn_sorted(const struct dataset *d);

size_t dataset_bytes(const struct dataset *d); /* of memory of a node; 0 for the second view of a set */
int64_t dataset_feature_bytes(const struct dataset *d); /* of a sample */

/* Hashes samples, labels and weights as stored, and their choice; on rank 0. Of a set that stays in its file only some
 * of the samples, and the settings of its order. Collective. Errors: those of reading. */
enum status dataset_hash(struct dataset *d, struct comm *comm, uint64_t *hash);

/* The samples of part `index` of `parts`, in whole blocks of moments.h: first .. end-1. */
void dataset_part(const struct dataset *d, int parts, int index, int64_t *first, int64_t *end);

#endif
