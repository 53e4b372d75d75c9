/* predictions.h - probabilities and predictions from the outputs of a network; what they mean is the loss's
 * to say.
 *
 * `outputs` is [rows][K], one row a sample. Local functions, without state. */
#ifndef TRAIN_EVALUATION_PREDICTIONS_H
#define TRAIN_EVALUATION_PREDICTIONS_H

#include "data/normalize.h"
#include "nn/losses/loss.h"

bool predictions_have_probabilities(const struct loss *l);

/* probabilities [rows][K]: softmax, exp, sigmoid, or the outputs themselves. */
void predictions_find_probabilities(const struct loss *l, const float *outputs, int64_t rows,
                                    float *probabilities);

/* classes [rows]: the first maximum; labels [rows][K]: 1 where it is on; values [rows][K]: in the units of
 * the targets, whose statistics have 0 channels if they were taken as they are. */
void predictions_find_classes(const struct loss *l, const float *outputs, int64_t rows, int64_t *classes);
void predictions_find_labels(const struct loss *l, const float *outputs, int64_t rows, uint8_t *labels);
void predictions_find_values(const struct loss *l, const struct normal *targets, const float *outputs,
                             int64_t rows, float *values);

/* The position of the first maximum, where NaN is greater than any number, as the losses count. */
int64_t predictions_find_maximum(const float *x, int64_t count);

#endif
