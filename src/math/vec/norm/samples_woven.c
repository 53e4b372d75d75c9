/* samples_woven.c - sums down many matrices of one or two columns: a register holds a row of several of them.
 *
 * As many rows of each are read at once and turned in registers. */
#include "math/vec/norm/samples.h"

#if VW == 16
#define WOVEN_LOW_1  0, 8, 1, 9, 2, 10, 3, 11
#define WOVEN_HIGH_1 4, 12, 5, 13, 6, 14, 7, 15
#define WOVEN_LOW_2  0, 1, 8, 9, 2, 3, 10, 11
#define WOVEN_HIGH_2 4, 5, 12, 13, 6, 7, 14, 15
#elif VW == 8
#define WOVEN_LOW_1  0, 4, 1, 5
#define WOVEN_HIGH_1 2, 6, 3, 7
#define WOVEN_LOW_2  0, 1, 4, 5
#define WOVEN_HIGH_2 2, 3, 6, 7
#else
#define WOVEN_LOW_1  0, 2
#define WOVEN_HIGH_1 1, 3
#define WOVEN_LOW_2  WOVEN_LOW_1 /* not used */
#define WOVEN_HIGH_2 WOVEN_HIGH_1
#endif
#ifdef __clang__
#define woven_interleave(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define woven_interleave(a, b, ...) __builtin_shuffle(a, b, (narrowi){__VA_ARGS__})
#endif

/* WIDE / columns matrices side by side; those that are too many are the last one again. */
struct woven {
    const float *x[WIDE], *dy[WIDE], *weight[WIDE];
    narrow mean, factor, rest; /* the moments of their columns */
};

/* Rows row, row + 1, ... of all matrices, as many as there are matrices: to[j] has row + j of each. */
VEC_INLINE void woven_load(int columns, const float *const from[WIDE], int64_t row, narrow to[WIDE])
{
    const int count = WIDE / columns;
    VEC_EACH (i, count) to[i] = narrow_load(from[i] + row * columns);
    VEC_UNROLL
    for (int round = 1; round < count; round *= 2) {
        narrow turned[WIDE];
        VEC_UNROLL
        for (int i = 0; i < count / 2; i++) {
            narrow a = to[i], b = to[i + count / 2];
            turned[2 * i] =
                columns == 1 ? woven_interleave(a, b, WOVEN_LOW_1) : woven_interleave(a, b, WOVEN_LOW_2);
            turned[2 * i + 1] =
                columns == 1 ? woven_interleave(a, b, WOVEN_HIGH_1) : woven_interleave(a, b, WOVEN_HIGH_2);
        }
        VEC_EACH (i, count) to[i] = turned[i];
    }
}

/* One row. */
VEC_INLINE narrow woven_load_row(int columns, const float *const from[WIDE], int64_t row)
{
    float to[WIDE];
    for (int i = 0; i < WIDE; i++) to[i] = from[i / columns][row * columns + i % columns];
    return narrow_load(to);
}

VEC_INLINE void woven_add_value(narrow x, wide *first, wide *second)
{
    wide value = wide_of(x);
    *first += value;
    *second += value * value;
}

/* The factor of each column is that of its matrix. */
VEC_INLINE void woven_add_gradient(const struct woven *w, narrow weight, narrow x, narrow dy, wide *first,
                                   wide *second)
{
    narrow unit = (x - w->mean) * w->factor + w->rest;
    wide gradient = wide_of(dy * weight);
    *first += gradient;
    *second += gradient * wide_of(unit);
}

VEC_INLINE void woven_add_values(int columns, const struct woven w[WOVEN_SETS], int64_t rows,
                                 wide first[WOVEN_SETS], wide second[WOVEN_SETS])
{
    const int count = WIDE / columns;
    int64_t r = 0;
    for (; r + count <= rows; r += count)
        VEC_EACH (s, WOVEN_SETS) {
            narrow x[WIDE];
            woven_load(columns, w[s].x, r, x);
            VEC_EACH (i, count) woven_add_value(x[i], &first[s], &second[s]);
        }
    for (; r < rows; r++)
        VEC_EACH (s, WOVEN_SETS) woven_add_value(woven_load_row(columns, w[s].x, r), &first[s], &second[s]);
}

/* Rows of one weight. */
VEC_INLINE void woven_add_gradients(int columns, const struct woven w[WOVEN_SETS],
                                    const narrow weight[WOVEN_SETS], int64_t r, int64_t end,
                                    wide first[WOVEN_SETS], wide second[WOVEN_SETS])
{
    const int count = WIDE / columns;
    for (; r + count <= end; r += count)
        VEC_EACH (s, WOVEN_SETS) {
            narrow x[WIDE], dy[WIDE];
            woven_load(columns, w[s].x, r, x);
            woven_load(columns, w[s].dy, r, dy);
            VEC_EACH (i, count) woven_add_gradient(&w[s], weight[s], x[i], dy[i], &first[s], &second[s]);
        }
    for (; r < end; r++)
        VEC_EACH (s, WOVEN_SETS)
            woven_add_gradient(&w[s], weight[s], woven_load_row(columns, w[s].x, r),
                               woven_load_row(columns, w[s].dy, r), &first[s], &second[s]);
}

VEC_INLINE struct woven woven_set(const struct sample_norm *n, int columns, int64_t first, int64_t group,
                                  const float *x, const float *dy, const float *moments)
{
    static const float one = 1;
    struct woven w;
    float m[3][WIDE];
    for (int i = 0; i < WIDE / columns; i++) {
        int64_t matrix = first + i < group ? first + i : group - 1;
        w.x[i] = x + matrix * n->stride;
        w.dy[i] = dy ? dy + matrix * n->stride : NULL;
        w.weight[i] = n->weight ? n->weight + matrix * n->weight_step : &one;
        for (int t = 0; t < 3; t++)
            for (int c = 0; c < columns; c++)
                m[t][i * columns + c] = moments ? moments[(3 * matrix + t) * columns + c] : 0;
    }
    w.mean = narrow_load(m[0]), w.factor = narrow_load(m[1]), w.rest = narrow_load(m[2]);
    return w;
}

VEC_INLINE void woven_sum(const struct sample_norm *n, int columns, const struct column_sums *sums,
                          int64_t group, const float *x, const float *dy, const float *moments)
{
    struct woven w[WOVEN_SETS];
    wide first[WOVEN_SETS] = {{0}}, second[WOVEN_SETS] = {{0}};
    const int64_t rows = n->rows, of_weight = n->weight ? n->rows_per_weight : rows;
    for (int s = 0; s < WOVEN_SETS; s++)
        w[s] = woven_set(n, columns, s * WIDE / columns, group, x, dy, moments);
    if (!dy) woven_add_values(columns, w, rows, first, second);
    for (int64_t k = 0; dy && k * of_weight < rows; k++) {
        narrow weight[WOVEN_SETS];
        float of_set[WIDE];
        for (int s = 0; s < WOVEN_SETS; s++) {
            for (int i = 0; i < WIDE; i++) of_set[i] = w[s].weight[i / columns][k];
            weight[s] = narrow_load(of_set);
        }
        woven_add_gradients(columns, w, weight, k * of_weight, (k + 1) * of_weight, first, second);
    }
    memcpy(sums->first, first, sizeof first);
    memcpy(sums->second, second, sizeof second);
}

/* Functions of their own, whose sums stay in registers. */
static __attribute__((noinline)) void woven_sum_1(const struct sample_norm *n, const struct column_sums *s,
                                                  int64_t group, const float *x, const float *dy,
                                                  const float *moments)
{
    if (dy)
        woven_sum(n, 1, s, group, x, dy, moments);
    else
        woven_sum(n, 1, s, group, x, NULL, NULL);
}

static __attribute__((noinline)) void woven_sum_2(const struct sample_norm *n, const struct column_sums *s,
                                                  int64_t group, const float *x, const float *dy,
                                                  const float *moments)
{
    if (dy)
        woven_sum(n, 2, s, group, x, dy, moments);
    else
        woven_sum(n, 2, s, group, x, NULL, NULL);
}

void LEVEL(samples_sum_woven)(const struct sample_norm *n, const struct column_sums *s, int64_t group,
                              const float *x, const float *dy, const float *moments)
{
    if (n->columns == 1)
        woven_sum_1(n, s, group, x, dy, moments);
    else
        woven_sum_2(n, s, group, x, dy, moments);
}
