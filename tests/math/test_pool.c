/* test_pool.c - poolings against plain loops over windows of any size, step and padding along each axis, on
 * all levels. */
#include "kernels.h"
#include "vectors.h"

#define LANES 32

struct pool_case {
    struct window w;
    int64_t in, out;
    float *x, *dy;
};

/* `height` and `width`: kernel, stride, padding before and after. */
static struct pool_case pool_case(struct shape in, const int64_t height[4], const int64_t width[4])
{
    struct pool_case k = {.w = window_even(in, 2, 1, 1, 0)};
    const int64_t *axes[] = {height, width};
    for (int axis = AXIS_H; axis <= AXIS_W; axis++) {
        const int64_t *of = axes[axis - AXIS_H];
        k.w.kernel[axis] = of[0], k.w.stride[axis] = of[1];
        k.w.pad_before[axis] = of[2], k.w.pad_after[axis] = of[3];
    }
    CHECK(window_place(&k.w, in.c, 2));
    k.w.lanes = LANES;
    k.in = shape_features(in) * LANES, k.out = shape_features(k.w.out) * LANES;
    k.x = vector(k.in, 1), k.dy = vector(k.out, 2);
    return k;
}

static void case_free(struct pool_case *k)
{
    mem_free(&k->x), mem_free(&k->dy);
}

/* Index in x of tap (ky, kx) of an output, -1 in the padding. */
static int64_t input_at(const struct window *w, int64_t c, const int64_t out[2], int64_t ky, int64_t kx,
                        int64_t n)
{
    int64_t y = out[0] * w->stride[AXIS_H] - w->pad_before[AXIS_H] + ky;
    int64_t x = out[1] * w->stride[AXIS_W] - w->pad_before[AXIS_W] + kx;
    if (y < 0 || x < 0 || y >= w->in.d[AXIS_H] || x >= w->in.d[AXIS_W]) return -1;
    return ((c * w->in.d[AXIS_H] + y) * w->in.d[AXIS_W] + x) * w->lanes + n;
}

/* Where the first maximum of a window is; NaN is greater than any number. */
static int64_t maximum_at(const struct pool_case *k, int64_t c, const int64_t out[2], int64_t n)
{
    int64_t best = -1;
    for (int64_t ky = 0; ky < k->w.kernel[AXIS_H]; ky++)
        for (int64_t kx = 0; kx < k->w.kernel[AXIS_W]; kx++) {
            int64_t at = input_at(&k->w, c, out, ky, kx, n);
            if (at >= 0 && (best < 0 || k->x[at] > k->x[best] || isnan(k->x[at]))) best = at;
        }
    return best;
}

/* Values exactly, gradients as sums in double. */
static void check_max(const struct pool_case *k, const float *y, const float *dx)
{
    double *want;
    CHECK_STATUS(mem_alloc(&want, (size_t)k->in, sizeof *want, "test"), STATUS_OK);
    int64_t wrong = 0;
    for (int64_t i = 0; i < k->out; i++) {
        int64_t position = i / LANES, width = k->w.out.d[AXIS_W], height = k->w.out.d[AXIS_H];
        int64_t out[] = {position / width % height, position % width};
        int64_t best = maximum_at(k, position / (width * height), out, i % LANES);
        wrong += memcmp(&y[i], &k->x[best], sizeof *y) != 0;
        want[best] += (double)k->dy[i];
    }
    CHECK(wrong == 0);
    for (int64_t i = 0; i < k->in; i++) CHECK_NEAR(dx[i], want[i], 16 * FLOAT_EPSILON);
    mem_free(&want);
}

static void check_mean(const struct pool_case *k, const float *y, const float *dx)
{
    double *want;
    CHECK_STATUS(mem_alloc(&want, (size_t)k->in, sizeof *want, "test"), STATUS_OK);
    double taps = (double)window_taps(&k->w);
    for (int64_t i = 0; i < k->out; i++) {
        int64_t position = i / LANES, width = k->w.out.d[AXIS_W], height = k->w.out.d[AXIS_H];
        int64_t out[] = {position / width % height, position % width};
        double sum = 0;
        for (int64_t ky = 0; ky < k->w.kernel[AXIS_H]; ky++)
            for (int64_t kx = 0; kx < k->w.kernel[AXIS_W]; kx++) {
                int64_t at = input_at(&k->w, position / (width * height), out, ky, kx, i % LANES);
                if (at < 0) continue;
                sum += (double)k->x[at];
                want[at] += (double)k->dy[i] / taps;
            }
        CHECK_NEAR(y[i], sum / taps, (taps + 2) * FLOAT_EPSILON);
    }
    for (int64_t i = 0; i < k->in; i++) CHECK_NEAR(dx[i], want[i], 32 * FLOAT_EPSILON);
    mem_free(&want);
}

static void check_pool(struct shape in, const int64_t height[4], const int64_t width[4])
{
    struct pool_case k = pool_case(in, height, width);
    float *y = vector(k.out, 0), *dx = vector(k.in, 3); /* what is there must be overwritten */
    uint8_t *arg;
    CHECK_STATUS(mem_alloc(&arg, (size_t)k.out, 1, "test"), STATUS_OK);
    kernels->avgpool_forward(&k.w, k.x, y);
    kernels->avgpool_backward(&k.w, k.dy, dx);
    check_mean(&k, y, dx);
    k.x[0] = k.x[LANES] = 2, k.x[1] = NAN; /* two equal maxima, and NaN */
    kernels->maxpool_forward(&k.w, k.x, y, arg);
    kernels->maxpool_backward(&k.w, arg, k.dy, dx);
    check_max(&k, y, dx);
    mem_free(&y), mem_free(&dx), mem_free(&arg);
    case_free(&k);
}

static void test_windows(void)
{
    static const int64_t axes[][4] = {{1, 1, 0, 0}, {2, 2, 0, 0}, {3, 3, 0, 0}, {2, 1, 0, 1}, {3, 2, 1, 1},
                                      {3, 1, 0, 2}, {4, 3, 2, 0}, {5, 4, 1, 3}, {2, 3, 1, 0}};
    int count = (int)(sizeof axes / sizeof axes[0]);
    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++) {
            check_pool(shape_2d(2, 6, 6), axes[i], axes[j]);
            check_pool(shape_2d(3, 7, 11), axes[i], axes[j]);
        }
    check_pool(shape_2d(1, 17, 19), (const int64_t[]){16, 1, 0, 3}, (const int64_t[]){16, 5, 3, 0}); /* 256 */
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    for (int i = 0; i < LEVEL_NAMES; i++)
        if (select_kernels(level_names[i]) == STATUS_OK) CHECK_CASE(test_windows());
    CHECK(mem_alive() == 0);
    return check_result();
}
