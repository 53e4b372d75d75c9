/* glu.c - gated linear unit: y = a * sigmoid(b), a the first half of x and b the second. */
#include "math/vec/math.h"

void LEVEL(glu_forward)(int64_t count, const float *x, float *y)
{
    for (int64_t i = 0; i < count; i += VW)
        vec_store(y + i, vec_load(x + i) * vec_sigmoid(vec_load(x + count + i)));
}

void LEVEL(glu_backward)(int64_t count, const float *x, const float *dy, float *dx)
{
    for (int64_t i = 0; i < count; i += VW) {
        vec gradient = vec_load(dy + i);
        struct vec_shares s = vec_sigmoid_both(vec_load(x + count + i));
        vec through = gradient * s.share;
        vec_store(dx + count + i, through * (s.rest * vec_load(x + i)));
        vec_store(dx + i, through);
    }
}
