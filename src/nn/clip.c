/* clip.c - outputs limited to an interval, and what that does to their gradient. */
#include "nn/clip.h"

void clip_forward(int64_t count, float bound, const float *x, float *y)
{
    for (int64_t i = 0; i < count; i++) {
        float raised = x[i] < -bound ? -bound : x[i];
        y[i] = raised > bound ? bound : raised;
    }
}

void clip_backward(int64_t count, float bound, const float *y, float *dy)
{
    for (int64_t i = 0; i < count; i++)
        if (y[i] <= -bound || y[i] >= bound) dy[i] = 0;
}
