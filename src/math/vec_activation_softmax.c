#include "math/vec_math.h"

/* x [classes][columns]: one register of columns at a time, the classes far apart. NaN in a column makes all of it NaN. */
VEC_INLINE vec largest(const float *x, int64_t classes, int64_t columns)
{
    vec most = vec_load(x);
    for (int64_t k = 1; k < classes; k++) {
        vec value = vec_load(x + k * columns);
        most = vec_select(value > most, value, most);
    }
    return most;
}

void LEVEL(softmax_forward)(int64_t classes, int64_t columns, const float *x, float *y)
{
    for (int64_t n = 0; n < columns; n += VW) {
        vec most = largest(x + n, classes, columns), sum = {0};
        for (int64_t k = 0; k < classes; k++) {
            vec e = vec_exp(vec_load(x + k * columns + n) - most);
            sum += e;
            vec_store(y + k * columns + n, e);
        }
        vec scale = 1.0f / sum;
        for (int64_t k = 0; k < classes; k++) {
            float *at = y + k * columns + n;
            vec_store(at, vec_load(at) * scale);
        }
    }
}

void LEVEL(softmax_backward)(int64_t classes, int64_t columns, const float *y, const float *dy, float *dx)
{
    for (int64_t n = 0; n < columns; n += VW) {
        vec sum = {0};
        for (int64_t k = 0; k < classes; k++)
            sum += vec_load(y + k * columns + n) * vec_load(dy + k * columns + n);
        for (int64_t k = 0; k < classes; k++) {
            int64_t at = k * columns + n;
            vec_store(dx + at, vec_load(y + at) * (vec_load(dy + at) - sum));
        }
    }
}

void LEVEL(log_softmax_forward)(int64_t classes, int64_t columns, const float *x, float *y)
{
    for (int64_t n = 0; n < columns; n += VW) {
        vec most = largest(x + n, classes, columns), sum = {0};
        for (int64_t k = 0; k < classes; k++) sum += vec_exp(vec_load(x + k * columns + n) - most);
        vec rest = vec_log(sum);
        for (int64_t k = 0; k < classes; k++) {
            int64_t at = k * columns + n;
            vec_store(y + at, (vec_load(x + at) - most) - rest);
        }
    }
}

void LEVEL(log_softmax_backward)(int64_t classes, int64_t columns, const float *y, const float *dy, float *dx)
{
    for (int64_t n = 0; n < columns; n += VW) {
        vec sum = {0};
        for (int64_t k = 0; k < classes; k++) sum += vec_load(dy + k * columns + n);
        for (int64_t k = 0; k < classes; k++) {
            int64_t at = k * columns + n;
            vec_store(dx + at, vec_load(dy + at) - vec_exp(vec_load(y + at)) * sum);
        }
    }
}
