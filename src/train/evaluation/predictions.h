/* predictions.h - probabilities and predictions from the outputs of a network; what they mean is the loss's
 * to say.
 *
 * `outputs` is [rows][K][P], one row a sample, P the positions of its labels. Local functions, without state. */
#ifndef TRAIN_EVALUATION_PREDICTIONS_H
#define TRAIN_EVALUATION_PREDICTIONS_H

#include "data/normalize.h"
#include "nn/losses/loss.h"

bool predictions_have_probabilities(const struct loss *l);

/* probabilities [rows][K][P]: softmax, exp, sigmoid, or the outputs themselves. */
void predictions_find_probabilities(const struct loss *l, const float *outputs, int64_t rows,
                                    float *probabilities);

/* classes [rows][P]: the first maximum; labels [rows][K][P]: 1 where it is on; values [rows][K][P]: in the units of
 * the targets, whose statistics have 0 channels if they were taken as they are. */
void predictions_find_classes(const struct loss *l, const float *outputs, int64_t rows, int64_t *classes);
void predictions_find_labels(const struct loss *l, const float *outputs, int64_t rows, uint8_t *labels);
void predictions_find_values(const struct loss *l, const struct normal *targets, const float *outputs,
                             int64_t rows, float *values);

/* The index of the first maximum of `count` numbers, `step` floats from one to the next, where NaN is greater
 * than any number, as the losses count. */
int64_t predictions_find_maximum(const float *x, int64_t count, int64_t step);

#endif
