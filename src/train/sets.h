/* sets.h - the data sets of a run: names of objects and kind of labels as the configuration says. */
#ifndef TRAIN_SETS_H
#define TRAIN_SETS_H

#include "data/dataset/dataset.h"
#include "train/config.h"

/* Loads the training set. Collective. Errors: those of
 * dataset_load. */
enum status sets_load_train(struct dataset **out, struct comm *comm, const struct config *c);

/* What a further set is for: the validation of a run; or one pass over its samples, in their order. */
enum sets_use {
    SETS_VALIDATION, /* data.val, with names of its own */
    SETS_EVALUATION,
    SETS_PREDICTION,
    SETS_PREDICTION_NO_LABELS, /* they are not looked for */
};

/* Loads a further set, whose labels must be of this kind; for prediction labels and sample weights may be
 * missing. For one pass, features stay in their file. The same otherwise. */
enum status sets_load_like(struct dataset **out, struct comm *comm, const struct config *c,
                           const char *locator, enum target_kind kind, enum sets_use use);

/* Logs what each kind of data.store needs for the sets of a run, and what there is. Returns the bytes of a
 * node's memory that the sets will take (capacity_report). Errors are left to loading. Collective. */
double sets_report_stores(struct comm *comm, const struct config *c);

#endif
