/* few.h - the products of a linear layer with few samples; arguments as in kernel_list.h. */
#ifndef MATH_VEC_LINEAR_FEW_H
#define MATH_VEC_LINEAR_FEW_H

#include "math/vec/vec.h"

#define FEW_LANES        7 /* with fewer, output and data gradient are computed here */
#define FEW_WEIGHT_LANES 9 /* and the weight gradient, as long as its stores outweigh its products */

void LEVEL(few_forward)(const struct linear *l, const float *weight, const float *bias, const float *x,
                        float *y);
void LEVEL(few_backward_data)(const struct linear *l, const float *weight, const float *dy, float *dx);
void LEVEL(few_backward_weight)(const struct linear *l, const float *x, const float *dy, float *dweight);

#endif
