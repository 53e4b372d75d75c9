/* average.h - a running average of a vector. Local functions. */
#ifndef OPTIM_AVERAGE_H
#define OPTIM_AVERAGE_H

#include <stdint.h>

struct kernels;

/* Moves `average` [count] towards `x` [count] by the share `move`, 0 to 1: 1 - decay of an exponential moving
 * average, 1 / n for the n-th term of an equal one. With 1 it becomes a copy. Element-wise, so the bits do not
 * depend on how a vector is cut. */
void average_move(const struct kernels *kernels, int64_t count, double move, const float *x, float *average);

#endif
