/* health.h - whether the numbers of a pass are still finite, so that a step that went wrong can be left out.
 *
 * A gradient is bad when it holds NaN, infinity, or a value so large that the sum over the virtual ranks
 * might overflow. Private to the nn layer; local functions. */
#ifndef NN_HEALTH_H
#define NN_HEALTH_H

#include "nn/layers/layer.h"

/* Before the backward pass of a layer: whether input and dy alone say, for less than a look at the gradients
 * costs, that these will be good. */
bool health_factors(const struct layer *l, const struct pass *p, const float *const *x, const float *dy);

/* The gradients of a layer, after its backward pass; the outputs, after its forward pass. */
bool health_gradients(const struct layer *l, const struct pass *p);
bool health_outputs(const struct layer *l, const struct pass *p, const float *y);

#endif
