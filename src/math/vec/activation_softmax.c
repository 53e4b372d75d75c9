/* activation_softmax.c - softmax and log_softmax as layers, over the classes of x [classes][columns]. */
#include "math/vec/math.h"

/* Registers side by side that go through all classes together. The classes of a column may lie far apart;
 * this way several neighbouring cache lines are used at each. */
#define WIDE 4

/* The maximum of every column. A NaN in the column may be returned or not, but the sum of exponentials
 * becomes NaN. */
VEC_INLINE void softmax_find_max(int wide, int64_t part, int64_t classes, int64_t columns, const float *x,
                                 vec *max)
{
    for (int i = 0; i < wide; i++) max[i] = vec_load_some(x + i * VW, part);
    for (int64_t k = 1; k < classes; k++)
        for (int i = 0; i < wide; i++) {
            vec value = vec_load_some(x + k * columns + i * VW, part);
            max[i] = vec_select(value > max[i], value, max[i]);
        }
}

VEC_INLINE void softmax_columns(int wide, int64_t part, int64_t classes, int64_t columns, const float *x,
                                float *y)
{
    vec max[WIDE], sum[WIDE] = {{0}};
    softmax_find_max(wide, part, classes, columns, x, max);
    for (int64_t k = 0; k < classes; k++)
        for (int i = 0; i < wide; i++) {
            vec e = vec_exp(vec_load_some(x + k * columns + i * VW, part) - max[i]);
            sum[i] += e;
            vec_store_some(y + k * columns + i * VW, part, e);
        }
    for (int i = 0; i < wide; i++) sum[i] = 1.0f / sum[i];
    for (int64_t k = 0; k < classes; k++)
        for (int i = 0; i < wide; i++) {
            float *at = y + k * columns + i * VW;
            vec_store_some(at, part, vec_load_some(at, part) * sum[i]);
        }
}

VEC_INLINE void log_softmax_columns(int wide, int64_t part, int64_t classes, int64_t columns, const float *x,
                                    float *y)
{
    vec max[WIDE], sum[WIDE] = {{0}};
    softmax_find_max(wide, part, classes, columns, x, max);
    for (int64_t k = 0; k < classes; k++)
        for (int i = 0; i < wide; i++)
            sum[i] += vec_exp(vec_load_some(x + k * columns + i * VW, part) - max[i]);
    for (int i = 0; i < wide; i++) sum[i] = vec_log(sum[i]);
    for (int64_t k = 0; k < classes; k++)
        for (int i = 0; i < wide; i++) {
            int64_t at = k * columns + i * VW;
            vec_store_some(y + at, part, (vec_load_some(x + at, part) - max[i]) - sum[i]);
        }
}

/* dx = y (dy - sum of y dy) */
VEC_INLINE void softmax_columns_backward(int wide, int64_t part, int64_t classes, int64_t columns,
                                         const float *y, const float *dy, float *dx)
{
    vec sum[WIDE] = {{0}};
    for (int64_t k = 0; k < classes; k++)
        for (int i = 0; i < wide; i++)
            sum[i] += vec_load_some(y + k * columns + i * VW, part) *
                      vec_load_some(dy + k * columns + i * VW, part);
    for (int64_t k = 0; k < classes; k++)
        for (int i = 0; i < wide; i++) {
            int64_t at = k * columns + i * VW;
            vec_store_some(dx + at, part,
                           vec_load_some(y + at, part) * (vec_load_some(dy + at, part) - sum[i]));
        }
}

/* dx = dy - exp(y) sum of dy */
VEC_INLINE void log_softmax_columns_backward(int wide, int64_t part, int64_t classes, int64_t columns,
                                             const float *y, const float *dy, float *dx)
{
    vec sum[WIDE] = {{0}};
    for (int64_t k = 0; k < classes; k++)
        for (int i = 0; i < wide; i++) sum[i] += vec_load_some(dy + k * columns + i * VW, part);
    for (int64_t k = 0; k < classes; k++)
        for (int i = 0; i < wide; i++) {
            int64_t at = k * columns + i * VW;
            vec_store_some(dx + at, part,
                           vec_load_some(dy + at, part) - vec_exp(vec_load_some(y + at, part)) * sum[i]);
        }
}

void LEVEL(softmax_forward)(int64_t classes, int64_t columns, const float *x, float *y)
{
    int64_t n = 0;
    for (; n + WIDE * VW <= columns; n += WIDE * VW)
        softmax_columns(WIDE, VW, classes, columns, x + n, y + n);
    for (; n + VW <= columns; n += VW) softmax_columns(1, VW, classes, columns, x + n, y + n);
    if (n < columns) softmax_columns(1, columns - n, classes, columns, x + n, y + n);
}

void LEVEL(softmax_backward)(int64_t classes, int64_t columns, const float *y, const float *dy, float *dx)
{
    int64_t n = 0;
    for (; n + WIDE * VW <= columns; n += WIDE * VW)
        softmax_columns_backward(WIDE, VW, classes, columns, y + n, dy + n, dx + n);
    for (; n + VW <= columns; n += VW)
        softmax_columns_backward(1, VW, classes, columns, y + n, dy + n, dx + n);
    if (n < columns) softmax_columns_backward(1, columns - n, classes, columns, y + n, dy + n, dx + n);
}

void LEVEL(log_softmax_forward)(int64_t classes, int64_t columns, const float *x, float *y)
{
    int64_t n = 0;
    for (; n + WIDE * VW <= columns; n += WIDE * VW)
        log_softmax_columns(WIDE, VW, classes, columns, x + n, y + n);
    for (; n + VW <= columns; n += VW) log_softmax_columns(1, VW, classes, columns, x + n, y + n);
    if (n < columns) log_softmax_columns(1, columns - n, classes, columns, x + n, y + n);
}

void LEVEL(log_softmax_backward)(int64_t classes, int64_t columns, const float *y, const float *dy, float *dx)
{
    int64_t n = 0;
    for (; n + WIDE * VW <= columns; n += WIDE * VW)
        log_softmax_columns_backward(WIDE, VW, classes, columns, y + n, dy + n, dx + n);
    for (; n + VW <= columns; n += VW)
        log_softmax_columns_backward(1, VW, classes, columns, y + n, dy + n, dx + n);
    if (n < columns) log_softmax_columns_backward(1, columns - n, classes, columns, y + n, dy + n, dx + n);
}
