/* glu.c - gated linear unit: y = a * sigmoid(b), a the first half of x and b the second. */
#include "math/vec/math.h"

/* dx = dy sigmoid(b) for a, and that times a (1 - sigmoid(b)) for b. */
VEC_INLINE vec glu_slopes(vec a, vec b, vec dy, vec *of_b)
{
    struct vec_shares s = vec_sigmoid_both(b);
    vec through = dy * s.share;
    *of_b = through * (s.rest * a);
    return through;
}

void LEVEL(glu_forward)(int64_t count, const float *x, float *y)
{
    const float *gate = x + count;
    int64_t i = 0, rest = count % VW;
    for (; i + VW <= count; i += VW)
        vec_store_any(y + i, vec_load_any(x + i) * vec_sigmoid(vec_load_any(gate + i)));
    if (rest == 0) return;
    vec last = vec_sigmoid(vec_load_part(gate + i, rest));
    vec_store_part(y + i, rest, vec_load_part(x + i, rest) * last);
}

void LEVEL(glu_backward)(int64_t count, const float *x, const float *dy, float *dx)
{
    vec of_a, of_b;
    int64_t i = 0, rest = count % VW;
    for (; i + VW <= count; i += VW) {
        of_a = glu_slopes(vec_load_any(x + i), vec_load_any(x + count + i), vec_load_any(dy + i), &of_b);
        vec_store_any(dx + count + i, of_b);
        vec_store_any(dx + i, of_a);
    }
    if (rest == 0) return;
    of_a = glu_slopes(vec_load_part(x + i, rest), vec_load_part(x + count + i, rest),
                      vec_load_part(dy + i, rest), &of_b);
    vec_store_part(dx + count + i, rest, of_b);
    vec_store_part(dx + i, rest, of_a);
}
