/* stages.h - the layers of a model as they are run: the values and gradients of the configured order, with less work. */
#ifndef NN_STAGES_H
#define NN_STAGES_H

#include "nn/layers/layer.h"

/* Writes to stages[count] what is run for the planned layers[count]; returns how many that are. */
int stages_arrange(const struct layer *layers, int count, struct layer *stages);

#endif
