#include "math/vec.h"

/* NaN passes through (as torch.relu), so that a diverged run is seen in its loss. */
void LEVEL(relu_forward)(int64_t count, const float *x, float *y)
{
    for (int64_t i = 0; i < count; i++) y[i] = x[i] < 0 ? 0 : x[i];
}

void LEVEL(relu_backward)(int64_t count, const float *y, const float *dy, float *dx)
{
    for (int64_t i = 0; i < count; i++) dx[i] = y[i] <= 0 ? 0 : dy[i];
}

void LEVEL(fill_rows)(int64_t rows, int64_t lanes, const float *values, float *y)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t n = 0; n < lanes; n++) y[r * lanes + n] = values[r];
}

/* Four chains of 16 accumulators per row hide the latency of the additions; their order is fixed. */
void LEVEL(sum_rows)(int64_t rows, int64_t columns, const float *x, float *sums)
{
    int64_t groups = columns / 64;
    for (int64_t r = 0; r < rows; r++) {
        const float *row = x + r * columns;
        float total[64] __attribute__((aligned(64))) = {0};
        for (int64_t g = 0; g < groups; g++)
            for (int i = 0; i < 64; i++) total[i] += row[g * 64 + i];
        for (int64_t n = groups * 64; n < columns; n += 16)
            for (int i = 0; i < 16; i++) total[i] += row[n + i];
        for (int i = 0; i < 32; i++) total[i] += total[i + 32];
        for (int i = 0; i < 16; i++) total[i] += total[i + 16];
        sums[r] = vec_sum16(total);
    }
}

void LEVEL(add)(int64_t count, const float *a, const float *b, float *sum)
{
    for (int64_t i = 0; i < count; i++) sum[i] = a[i] + b[i];
}
