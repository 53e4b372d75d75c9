/* sets.h - the data sets of a run: names of objects and kind of labels as the configuration says. */
#ifndef TRAIN_SETS_H
#define TRAIN_SETS_H

#include "data/dataset/dataset.h"
#include "train/config.h"

/* Loads the training set. Collective. Errors: those of
 * dataset_load. */
enum status sets_load_train(struct dataset **out, struct comm *comm, const struct config *c);

/* Loads a further set, whose labels must be of this kind; for prediction labels and sample weights may be
 * missing. The same otherwise. */
enum status sets_load_like(struct dataset **out, struct comm *comm, const struct config *c,
                           const char *locator, enum target_kind kind, bool for_prediction);

#endif
