/* elementwise.c - ReLU, sums and a check of bounds, element by element. */
#include "math/vec/vec.h"

/* As vec_relu, which see. */
VEC_INLINE float elementwise_relu(float limit, float x)
{
    return x < 0 ? 0 : x > limit ? limit : x;
}

void LEVEL(relu_forward)(int64_t count, float limit, const float *x, float *y)
{
    for (int64_t i = 0; i < count; i++) y[i] = elementwise_relu(limit, x[i]);
}

void LEVEL(relu_backward)(int64_t count, float limit, const float *y, const float *dy, float *dx)
{
    for (int64_t i = 0; i < count; i++) dx[i] = ((y[i] <= 0) | (y[i] >= limit)) ? 0 : dy[i];
}

/* Without a branch in the loop, so that it runs at the speed of memory. */
bool LEVEL(within)(int64_t count, const float *x, float bound)
{
    int32_t outside = 0;
    for (int64_t i = 0; i < count; i++) outside |= !(__builtin_fabsf(x[i]) <= bound);
    return outside == 0;
}

void LEVEL(add)(int64_t count, const float *a, const float *b, float *sum)
{
    for (int64_t i = 0; i < count; i++) sum[i] = a[i] + b[i];
}

void LEVEL(add_relu)(int64_t count, float limit, const float *a, const float *b, float *sum)
{
    for (int64_t i = 0; i < count; i++) sum[i] = elementwise_relu(limit, a[i] + b[i]);
}

void LEVEL(mul)(int64_t count, const float *a, const float *b, float *product)
{
    for (int64_t i = 0; i < count; i++) product[i] = a[i] * b[i];
}
