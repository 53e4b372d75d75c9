/* orthogonal.c - orthonormal rows or columns. */
#include <math.h>

#include "nn/init/init.h"

#define PANEL 32 /* vectors whose products with another are formed together */

/* A set of vectors in a matrix: element e of vector v is values[v * step + e * stride]. */
struct vectors {
    float *values;
    int64_t count, length, step, stride;
};

/* sums[j] = vector first + j times vector v, for j < count. Sums are in double, in the order of elements. */
static void orthogonal_multiply(const struct vectors *a, int64_t first, int64_t count, int64_t v,
                                double sums[PANEL])
{
    for (int64_t j = 0; j < PANEL; j++) sums[j] = 0;
    for (int64_t e = 0; e < a->length; e++) {
        const float *q = a->values + first * a->step + e * a->stride;
        double x = a->values[v * a->step + e * a->stride];
        for (int64_t j = 0; j < count; j++) sums[j] += (double)q[j * a->step] * x;
    }
}

/* Subtracts sums[j] times vector first + j from vector v. */
static void orthogonal_subtract(const struct vectors *a, int64_t first, int64_t count, int64_t v,
                                const double sums[PANEL])
{
    for (int64_t e = 0; e < a->length; e++) {
        const float *q = a->values + first * a->step + e * a->stride;
        double sum = 0;
        for (int64_t j = 0; j < count; j++) sum += (double)q[j * a->step] * sums[j];
        float *x = a->values + v * a->step + e * a->stride;
        *x = (float)(*x - sum);
    }
}

static void orthogonal_scale(const struct vectors *a, int64_t v, double factor)
{
    for (int64_t e = 0; e < a->length; e++) {
        float *x = a->values + v * a->step + e * a->stride;
        *x = (float)(*x * factor);
    }
}

/* Twice is enough (Giraud, Langou, Rozloznik, "The loss of orthogonality in the Gram-Schmidt orthogonalization
 * process", 2005): after the second subtraction what remains is rounding. The length that remains is positive,
 * as the diagonal of R is for torch.nn.init.orthogonal_. */
void orthogonal_make(int64_t rows, int64_t columns, double gain, float *values)
{
    struct vectors a = rows <= columns ? (struct vectors){values, rows, columns, columns, 1}
                                       : (struct vectors){values, columns, rows, 1, columns};
    for (int64_t v = 0; v < a.count; v++) {
        double sums[PANEL];
        for (int round = 0; round < 2; round++)
            for (int64_t first = 0; first < v; first += PANEL) {
                int64_t count = v - first < PANEL ? v - first : PANEL;
                orthogonal_multiply(&a, first, count, v, sums);
                orthogonal_subtract(&a, first, count, v, sums);
            }
        orthogonal_multiply(&a, v, 1, v, sums);
        orthogonal_scale(&a, v, 1 / sqrt(sums[0]));
    }
    for (int64_t v = 0; v < a.count; v++) orthogonal_scale(&a, v, gain);
}
