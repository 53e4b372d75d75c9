/* average.c - a running average of a vector. */
#include "optim/average.h"

#include <string.h>

#include "math/loop.h"

/* As torch.lerp, which torch.optim.swa_utils averages with: equal values stay what they are. */
LOOP_BODY void average_add_body(int64_t count, float move, const float *restrict x, float *restrict average)
{
    for (int64_t i = 0; i < count; i++) average[i] += move * (x[i] - average[i]);
}
LOOP_VERSIONS(average_add, (int64_t count, float move, const float *restrict x, float *restrict average),
              (count, move, x, average))

void average_move(const struct kernels *kernels, int64_t count, double move, const float *x, float *average)
{
    if (move == 1)
        memcpy(average, x, (size_t)count * sizeof *average);
    else
        average_add[kernels->number](count, (float)move, x, average);
}
