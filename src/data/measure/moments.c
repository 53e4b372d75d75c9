/* moments.c - mean and standard deviation by sums over fixed blocks of samples. */
#include "data/measure/moments.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* A block's table: the sums of all channels, then their sums of squares. */

__extension__ typedef __int128 wide;

int64_t moments_blocks(int64_t samples)
{
    return (samples + MOMENTS_BLOCK - 1) / MOMENTS_BLOCK;
}

int64_t moments_part_begin(int64_t samples, int parts, int index)
{
    int64_t begin = moments_blocks(samples) * index / parts * MOMENTS_BLOCK;
    return begin < samples ? begin : samples;
}

static void moments_add_u8(const uint8_t *x, int64_t count, double *sum, double *squares)
{
    uint64_t s = 0, q = 0;
    for (int64_t i = 0; i < count; i++) {
        s += x[i];
        q += (uint64_t)(x[i] * x[i]);
    }
    *sum += (double)s;
    *squares += (double)q;
}

static void moments_add_f32(const float *x, int64_t count, float shift, double *sum, double *squares)
{
    double s = 0, q = 0;
    for (int64_t i = 0; i < count; i++) {
        double d = (double)x[i] - (double)shift;
        s += d;
        q += d * d;
    }
    *sum += s;
    *squares += q;
}

void moments_add(enum feature_type type, struct shape shape, const void *features, const float *shift,
                 double *block)
{
    int64_t plane = shape_positions(shape);
    for (int64_t c = 0; c < shape.c; c++)
        if (type == FEATURE_U8)
            moments_add_u8((const uint8_t *)features + c * plane, plane, &block[c], &block[shape.c + c]);
        else
            moments_add_f32((const float *)features + c * plane, plane, shift[c], &block[c],
                            &block[shape.c + c]);
}

void moments_block(enum feature_type type, struct shape shape, const void *features, int64_t count,
                   const float *shift, double *block)
{
    int64_t bytes = shape_features(shape) * feature_bytes(type);
    memset(block, 0, (size_t)moments_block_doubles(shape.c) * sizeof *block);
    for (int64_t n = 0; n < count; n++)
        moments_add(type, shape, (const char *)features + n * bytes, shift, block);
}

/* n^2 times the variance is n * squares - sum^2, which integers give without rounding. */
static double moments_variance_u8(int64_t n, const double *table, int64_t stride, int64_t blocks,
                                  double *mean)
{
    wide sum = 0, squares = 0;
    for (int64_t b = 0; b < blocks; b++) {
        sum += (int64_t)table[b * 2 * stride];
        squares += (int64_t)table[b * 2 * stride + stride];
    }
    *mean = (double)sum / (double)n;
    return (double)(n * squares - sum * sum) / ((double)n * (double)n);
}

static double moments_variance_f32(int64_t n, const double *table, int64_t stride, int64_t blocks,
                                   float shift, double *mean)
{
    double sum = 0, squares = 0;
    for (int64_t b = 0; b < blocks; b++) {
        sum += table[b * 2 * stride];
        squares += table[b * 2 * stride + stride];
    }
    double from_shift = sum / (double)n;
    *mean = (double)shift + from_shift;
    return squares / (double)n - from_shift * from_shift;
}

void moments_finish(enum feature_type type, struct shape shape, int64_t samples, const float *shift,
                    const double *table, int64_t blocks, float *mean, float *std)
{
    int64_t n = samples * shape_positions(shape);
    for (int64_t c = 0; c < shape.c; c++) {
        double m;
        double variance = type == FEATURE_U8
                              ? moments_variance_u8(n, table + c, shape.c, blocks, &m)
                              : moments_variance_f32(n, table + c, shape.c, blocks, shift[c], &m);
        float deviation = variance > 0 ? (float)sqrt(variance) : 0;
        mean[c] = (float)m;
        std[c] = deviation >= FLT_MIN ? deviation : 1; /* its inverse is a float, too */
    }
}
