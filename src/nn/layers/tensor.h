/* tensor.h - names of parameters, and patterns that choose some. Local functions.
 *
 * A parameter is called "03.conv2d/weight"; where its user gave the layer a name, also "stem/weight" and, as in a
 * checkpoint, "03.stem/weight". */
#ifndef NN_LAYERS_TENSOR_H
#define NN_LAYERS_TENSOR_H

#include "core/pattern.h"
#include "nn/layers/layer.h"

#define TENSOR_NAME 96

/* Writes "03.conv2d/weight"; all tensors have names, running statistics too. */
void tensor_name(const struct layer *l, const struct tensor *t, char name[TENSOR_NAME]);

/* Returns whether the tensor is a parameter, not a statistic, and one of its names matches. */
bool tensor_matches(const struct layer *l, const struct tensor *t, const char *pattern);
bool tensor_matches_any(const struct layer *l, const struct tensor *t, const struct patterns *patterns);

/* Fails with STATUS_CONFIG if no parameter of the layers matches; `key` is where the pattern is from. */
enum status tensor_check_pattern(const char *key, const char *pattern, const struct layer *layers,
                                 int layer_count);

#endif
