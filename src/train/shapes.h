/* shapes.h - the shapes of samples on their way from a file into the model, and the part of labels for each position
 * that follows. Local functions. */
#ifndef TRAIN_SHAPES_H
#define TRAIN_SHAPES_H

#include "data/augment/augment.h"
#include "data/transform/transform.h"
#include "train/config.h"

struct sample_shapes {
    struct shape stored; /* in the file */
    struct shape moved;  /* as data.augment leaves them */
    struct shape input;  /* as data.transforms leave them */
    bool change;         /* there are steps that change the shape */
    bool cuts;           /* those of data.transforms leave a part of the positions, which begins at `first` */
    int64_t first[SHAPE_AXES];
};

/* Errors: STATUS_CONFIG, naming the step. */
enum status shapes_find(struct sample_shapes *s, const struct config *config, struct shape stored);

/* Whether labels for each position are stored for those of the stored samples, for a model with these outputs, and are
 * cut as samples are. Otherwise they are stored for those of the outputs. */
bool shapes_labels_follow(const struct sample_shapes *s, struct shape outputs);

/* Returns how many positions the labels of the outputs have as the loss gets them, where those of the training set have
 * `stored`; and how many those of further sets must have, where those of the loss are `positions`. */
int64_t shapes_find_positions(struct shape outputs, int64_t stored);
int64_t shapes_stored_positions(const struct sample_shapes *s, struct shape outputs, int64_t positions);

/* Prepares *a for batch.still if samples or their labels are cut in evaluation; else a->moved.c is 0. The spec needs
 * all but shapes, the cut and the loss's positions. Errors: as augment_init. */
void shapes_fill_spec(const struct sample_shapes *s, struct shape outputs, struct augment_spec *spec);
enum status shapes_init_still(struct augment *a, struct augment_spec spec);

#endif
