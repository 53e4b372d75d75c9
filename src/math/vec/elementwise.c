/* elementwise.c - ReLU, sums and a check of bounds, element by element. */
#include "math/vec/vec.h"

/* NaN passes through, as in torch.relu, so that a diverged run is visible in its loss. */
void LEVEL(relu_forward)(int64_t count, const float *x, float *y)
{
    for (int64_t i = 0; i < count; i++) y[i] = x[i] < 0 ? 0 : x[i];
}

void LEVEL(relu_backward)(int64_t count, const float *y, const float *dy, float *dx)
{
    for (int64_t i = 0; i < count; i++) dx[i] = y[i] <= 0 ? 0 : dy[i];
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

void LEVEL(add_relu)(int64_t count, const float *a, const float *b, float *sum)
{
    for (int64_t i = 0; i < count; i++) {
        float both = a[i] + b[i];
        sum[i] = both < 0 ? 0 : both;
    }
}

void LEVEL(mul)(int64_t count, const float *a, const float *b, float *product)
{
    for (int64_t i = 0; i < count; i++) product[i] = a[i] * b[i];
}
