/* test_activation_softmax.c - softmax and log_softmax against their definitions in double.
 *
 * Awkward shapes; zeros, NaN and large numbers; in place or not; and every level with fused multiply-add
 * against the others bit by bit. */
#include "kernels.h"
#include "vectors.h"

/* Of a column: the log of the sum of exp(x - max), and the maximum. */
static double log_sum(const float *x, int64_t classes, int64_t columns, double *max)
{
    double sum = 0;
    *max = (double)x[0];
    for (int64_t k = 1; k < classes; k++) *max = fmax(*max, (double)x[k * columns]);
    for (int64_t k = 0; k < classes; k++) sum += exp((double)x[k * columns] - *max);
    return log(sum);
}

/* The difference to the largest is rounded, the exponential is good to 2.4 * 2^-24, and each addition and the
 * last two operations add a rounding. */
static void check_softmax_forward(int64_t classes, int64_t columns, float scale, float shift)
{
    int64_t count = classes * columns;
    float *x = vector(count, 21), *y = vector(count, 0), *l = vector(count, 0);
    for (int64_t i = 0; i < count; i++) x[i] = scale * x[i] + shift;
    kernels->softmax_forward(classes, columns, x, y);
    kernels->log_softmax_forward(classes, columns, x, l);
    for (int64_t column = 0; column < columns; column++) {
        double max, log_of_sum = log_sum(x + column, classes, columns, &max), roundings = (double)classes + 5;
        for (int64_t i = column; i < count; i += columns) {
            double away = max - (double)x[i], p = exp(-away - log_of_sum);
            CHECK_NEAR(y[i], p, FLOAT_EPSILON * p * (roundings + away) + 2e-45);
            CHECK_NEAR(l[i], -away - log_of_sum, FLOAT_EPSILON * (roundings + 2 * (away + log_of_sum)));
        }
    }
    kernels->log_softmax_forward(classes, columns, x, x);
    CHECK(same(x, l, count));
    mem_free(&x), mem_free(&y), mem_free(&l);
}

/* Of values that forward could have given, against the definition: classes + 4 roundings of the magnitudes
 * that are added. */
static void check_softmax_backward(int64_t classes, int64_t columns, float scale)
{
    int64_t count = classes * columns;
    float *y = vector(count, 22), *l = vector(count, 0), *dy = vector(count, 23), *dx = vector(count, 0);
    float *dl = vector(count, 0);
    for (int64_t i = 0; i < count; i++) y[i] *= scale;
    kernels->log_softmax_forward(classes, columns, y, l);
    kernels->softmax_forward(classes, columns, y, y);
    kernels->softmax_backward(classes, columns, y, dy, dx);
    kernels->log_softmax_backward(classes, columns, l, dy, dl);
    for (int64_t column = 0; column < columns; column++) {
        double weighted = 0, weighted_size = 0, sum = 0, size = 0,
               part = FLOAT_EPSILON * ((double)classes + 4);
        for (int64_t k = column; k < count; k += columns) {
            weighted += (double)y[k] * (double)dy[k], weighted_size += fabs((double)y[k] * (double)dy[k]);
            sum += (double)dy[k], size += fabs((double)dy[k]);
        }
        for (int64_t i = column; i < count; i += columns) {
            double p = exp((double)l[i]);
            CHECK_NEAR(dx[i], (double)y[i] * ((double)dy[i] - weighted),
                       part * (double)y[i] * (fabs((double)dy[i]) + weighted_size) + 2e-45);
            CHECK_NEAR(dl[i], (double)dy[i] - p * sum, part * (fabs((double)dy[i]) + p * size));
        }
    }
    kernels->softmax_backward(classes, columns, y, dy, dy);
    CHECK(same(dx, dy, count));
    mem_free(&y), mem_free(&l), mem_free(&dy), mem_free(&dx), mem_free(&dl);
}

/* Columns that differ by 2e4, hold NaN, or are all the same; and no gradient in gives none out. */
static void check_softmax_extremes(void)
{
    float *x = vector(48, 0), *y = vector(48, 0), *l = vector(48, 0), *dy = vector(48, 0),
          *dx = vector(48, 0);
    x[0] = 1e4f, x[16] = -1e4f; /* column 0 */
    x[17] = NAN;                /* column 1 */
    x[2] = -3e38f, x[18] = 3e38f;
    kernels->softmax_forward(3, 16, x, y);
    kernels->log_softmax_forward(3, 16, x, l);
    CHECK(y[0] == 1 && y[16] == 0 && y[32] == 0);
    CHECK(l[0] == 0 && l[16] == -2e4f && l[32] == -1e4f);
    CHECK(isnan(y[1]) && isnan(y[17]) && isnan(y[33]) && isnan(l[1]) && isnan(l[17]) && isnan(l[33]));
    CHECK(y[2] == 0 && y[18] == 1 && y[34] == 0);
    CHECK_NEAR(y[3], 1.0 / 3, FLOAT_EPSILON);
    kernels->softmax_backward(3, 16, y, dy, dx);
    for (int i = 0; i < 48; i++) CHECK(i % 16 == 1 ? isnan(dx[i]) : dx[i] == 0);
    l[2] = -3e38f; /* 3e38 + 3e38 is infinite */
    kernels->log_softmax_backward(3, 16, l, dy, dx);
    for (int i = 0; i < 48; i++) CHECK(i % 16 == 1 ? isnan(dx[i]) : dx[i] == 0);
    mem_free(&x), mem_free(&y), mem_free(&l), mem_free(&dy), mem_free(&dx);
}

static void test_softmax(void)
{
    static const int64_t classes[] = {1, 2, 3, 10, 37, 1000}, columns[] = {16, 48, 16 * 35};
    for (int c = 0; c < 6; c++)
        for (int n = 0; n < 3; n++) {
            if (classes[c] * columns[n] > 50000) continue;
            check_softmax_forward(classes[c], columns[n], 3, 0);
            check_softmax_forward(classes[c], columns[n], 300, 1e4f);
            check_softmax_backward(classes[c], columns[n], 3);
            check_softmax_backward(classes[c], columns[n], 60);
        }
    check_softmax_extremes();
}

/* All results of a matrix over a wide range, one after another. */
static void run_all(int64_t classes, int64_t columns, float *out)
{
    int64_t count = classes * columns;
    float *x = vector(count, 5), *dy = vector(count, 4);
    for (int64_t i = 0; i < count; i++) x[i] *= 20;
    kernels->softmax_forward(classes, columns, x, out);
    kernels->softmax_backward(classes, columns, out, dy, out + count);
    kernels->log_softmax_forward(classes, columns, x, out + 2 * count);
    kernels->log_softmax_backward(classes, columns, out + 2 * count, dy, out + 3 * count);
    mem_free(&x), mem_free(&dy);
}

/* v2 has no fused multiply-add and is left out. */
static void test_levels_agree(void)
{
    const int64_t classes = 37, columns = 16 * 9, count = 4 * classes * columns;
    if (select_kernels("v4") != STATUS_OK) return;
    float *first = vector(count, 0), *other = vector(count, 0);
    run_all(classes, columns, first);
    CHECK_STATUS(select_kernels("v3"), STATUS_OK);
    run_all(classes, columns, other);
    CHECK(same(first, other, count));
    mem_free(&first), mem_free(&other);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_levels_agree());
    for (int i = 0; i < LEVEL_NAMES; i++)
        if (select_kernels(level_names[i]) == STATUS_OK) CHECK_CASE(test_softmax());
    CHECK(mem_alive() == 0);
    return check_result();
}
