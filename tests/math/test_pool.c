/* test_pool.c - poolings against plain loops over windows of any size, step, dilation and padding along each
 * axis, cut or not, and over those of adaptive poolings, on all levels; and a sample against itself beside
 * other numbers of samples. */
#include "exact.h"
#include "kernels.h"

struct pool_case {
    struct pool p;
    int64_t in, out;
    float *x, *dy;
};

/* Elements of a window: their places in x, and how many there are with those in the padding. */
#define LARGEST 4096
struct elements {
    int64_t count, padded, of[LARGEST];
};

/* Of one axis: which inputs the output sees, in order. */
static void elements_of_axis(const struct pool *p, int axis, int64_t at, struct elements *e)
{
    const struct window *w = &p->window;
    e->count = e->padded = 0;
    int64_t in = w->in.d[axis], out = w->out.d[axis];
    for (int64_t i = 0; p->adaptive && i < in; i++)
        if ((i + 1) * out > at * in && i * out < (at + 1) * in) e->of[e->count++] = i, e->padded++;
    for (int64_t k = 0; !p->adaptive && k < w->kernel[axis]; k++) {
        int64_t i = at * w->stride[axis] - w->pad_before[axis] + k * w->dilation[axis];
        if (i >= 0 && i < in) e->of[e->count++] = i;
        e->padded += i < in + w->pad_after[axis];
    }
}

/* Of output `index` of all, as it lies in memory. */
static void elements_of(const struct pool *p, int64_t index, struct elements *e)
{
    const struct window *w = &p->window;
    int64_t at = index / w->lanes, c = at / shape_positions(w->out);
    const int64_t *in = w->in.d, *out = w->out.d;
    static struct elements d, h, x;
    elements_of_axis(p, AXIS_D, at / (out[AXIS_H] * out[AXIS_W]) % out[AXIS_D], &d);
    elements_of_axis(p, AXIS_H, at / out[AXIS_W] % out[AXIS_H], &h);
    elements_of_axis(p, AXIS_W, at % out[AXIS_W], &x);
    e->count = 0, e->padded = d.padded * h.padded * x.padded;
    for (int64_t i = 0; i < d.count; i++)
        for (int64_t j = 0; j < h.count; j++)
            for (int64_t k = 0; k < x.count; k++) {
                int64_t from = ((c * in[AXIS_D] + d.of[i]) * in[AXIS_H] + h.of[j]) * in[AXIS_W] + x.of[k];
                e->of[e->count++] = from * w->lanes + index % w->lanes;
            }
}

/* A gradient of x as a sum: of how many terms, and of their magnitudes. */
struct sum {
    double value, size, terms;
};

static void sum_add(struct sum *s, double term)
{
    s->value += term, s->size += fabs(term), s->terms++;
}

static struct sum *sums_of(const struct pool_case *k)
{
    struct sum *sums;
    CHECK_STATUS(mem_alloc(&sums, (size_t)k->in, sizeof *sums, "test"), STATUS_OK);
    return sums;
}

static void check_sums(const struct pool_case *k, struct sum *want, const float *dx)
{
    for (int64_t i = 0; i < k->in; i++)
        CHECK_NEAR(dx[i], want[i].value, (want[i].terms + 1) * FLOAT_EPSILON * want[i].size);
    mem_free(&want);
}

/* Values exactly. The first maximum counts, and NaN is greater than any number. */
static void check_max(const struct pool_case *k, const float *y, const float *dx)
{
    static struct elements e;
    struct sum *want = sums_of(k);
    int64_t wrong = 0;
    for (int64_t i = 0; i < k->out; i++) {
        elements_of(&k->p, i, &e);
        int64_t best = e.of[0];
        for (int64_t j = 1; j < e.count; j++)
            if (k->x[e.of[j]] > k->x[best] || isnan(k->x[e.of[j]])) best = e.of[j];
        wrong += memcmp(&y[i], &k->x[best], sizeof *y) != 0;
        sum_add(&want[best], (double)k->dy[i]);
    }
    CHECK(wrong == 0);
    check_sums(k, want, dx);
}

static void check_mean(const struct pool_case *k, const float *y, const float *dx)
{
    static struct elements e;
    struct sum *want = sums_of(k);
    for (int64_t i = 0; i < k->out; i++) {
        elements_of(&k->p, i, &e);
        struct sum mean = {0};
        double counted = (double)(k->p.count_padding ? e.padded : e.count);
        if (k->p.divisor) counted = (double)k->p.divisor;
        for (int64_t j = 0; j < e.count; j++) {
            sum_add(&mean, (double)k->x[e.of[j]] / counted);
            sum_add(&want[e.of[j]], (double)k->dy[i] / counted);
        }
        /* chains of at most 256 additions, then of 64 and of as many as there are parts */
        double chain = e.count <= 256 ? (double)e.count : 64 + (double)e.count / 64;
        CHECK_NEAR(y[i], mean.value, (chain + 2) * FLOAT_EPSILON * mean.size);
    }
    check_sums(k, want, dx);
}

/* Outputs and gradients of both poolings, in arrays of the exact size. */
struct pooled {
    int64_t lanes;
    float *max, *max_dx, *mean, *mean_dx;
};

static struct pooled run_pools(struct pool p, int64_t lanes, const float *x, const float *dy)
{
    p.window.lanes = lanes;
    int64_t in = shape_features(p.window.in) * lanes, out = shape_features(p.window.out) * lanes;
    /* what is there must be overwritten */
    struct pooled r = {lanes, exact_vector(out, 3), exact_vector(in, 3), exact_vector(out, 3),
                       exact_vector(in, 3)};
    void *arg = exact_bytes((size_t)(out * pool_position_bytes(&p)));
    kernels->avgpool_forward(&p, x, r.mean);
    kernels->avgpool_backward(&p, dy, r.mean_dx);
    kernels->maxpool_forward(&p, x, r.max, arg);
    kernels->maxpool_backward(&p, arg, dy, r.max_dx);
    free(arg);
    return r;
}

static void free_pooled(struct pooled *r)
{
    free(r->max), free(r->max_dx), free(r->mean), free(r->mean_dx);
}

/* A sample has the same bits beside those that fill a vector, and beside others. */
static void check_company(struct pool p, const struct pooled *r, const float *x, const float *dy)
{
    int64_t in = shape_features(p.window.in), out = shape_features(p.window.out);
    int64_t more = (r->lanes + 15) / 16 * 16 + (r->lanes % 16 == 0 ? 3 : 0);
    float *more_x = with_lanes(x, in, r->lanes, more), *more_dy = with_lanes(dy, out, r->lanes, more);
    struct pooled q = run_pools(p, more, more_x, more_dy);
    CHECK(same_lanes(r->max, r->lanes, q.max, more, out));
    CHECK(same_lanes(r->max_dx, r->lanes, q.max_dx, more, in));
    CHECK(same_lanes(r->mean, r->lanes, q.mean, more, out));
    CHECK(same_lanes(r->mean_dx, r->lanes, q.mean_dx, more, in));
    free_pooled(&q);
    free(more_x), free(more_dy);
}

static void check_pool(struct pool p, int64_t lanes)
{
    p.window.lanes = lanes;
    struct pool_case k = {
        .p = p, .in = shape_features(p.window.in) * lanes, .out = shape_features(p.window.out) * lanes};
    k.x = exact_vector(k.in, 1), k.dy = exact_vector(k.out, 2);
    struct pooled r = run_pools(p, lanes, k.x, k.dy);
    check_mean(&k, r.mean, r.mean_dx);
    free_pooled(&r);
    k.x[0] = 2;
    if (k.in > lanes) k.x[lanes] = 2; /* two equal maxima, and NaN */
    if (k.in > 1 && lanes > 1) k.x[1] = NAN;
    r = run_pools(p, lanes, k.x, k.dy);
    check_max(&k, r.max, r.max_dx);
    check_company(p, &r, k.x, k.dy);
    free_pooled(&r);
    free(k.x), free(k.dy);
}

/* Of an axis: kernel, stride, padding before and after, dilation. */
static void set_axis(struct pool *p, int axis, const int64_t of[5])
{
    struct window *w = &p->window;
    w->kernel[axis] = of[0], w->stride[axis] = of[1], w->dilation[axis] = of[4];
    w->pad_before[axis] = of[2], w->pad_after[axis] = of[3];
}

/* Whatever of it has an element in each window. Returns whether it does. */
static int try_windows(struct shape in, const int64_t depth[5], const int64_t height[5],
                       const int64_t width[5], bool ceil, int64_t lanes)
{
    struct pool p = {
        .window = {.in = in, .leaves = 1}, .count_padding = ceil, .divisor = lanes == 16 ? 5 : 0};
    set_axis(&p, AXIS_D, depth), set_axis(&p, AXIS_H, height), set_axis(&p, AXIS_W, width);
    if (!pool_place(&p, ceil, in.c, 3)) return 0;
    for (int axis = 0; axis < SHAPE_AXES; axis++)
        if (!pool_is_never_empty(&p, axis)) return 0;
    check_pool(p, lanes);
    return 1;
}

static const int64_t axes[][5] = {{1, 1, 0, 0, 1}, {2, 2, 0, 0, 1}, {3, 3, 0, 0, 1}, {2, 1, 0, 1, 1},
                                  {3, 2, 1, 1, 1}, {3, 1, 0, 2, 1}, {4, 3, 2, 0, 1}, {5, 4, 1, 3, 1},
                                  {2, 3, 1, 0, 1}, {2, 2, 1, 1, 2}, {3, 1, 2, 2, 3}, {2, 5, 0, 0, 4}};
#define AXES (int)(sizeof axes / sizeof axes[0])

static void test_windows(void)
{
    int checked = 0;
    for (int i = 0; i < AXES; i++)
        for (int j = 0; j < AXES; j++) {
            int64_t lanes = 16 << (i + j) % 4; /* 16 to 128 */
            checked += try_windows((struct shape){2, 2, {1, 6, 6}}, axes[0], axes[i], axes[j], false, 32);
            checked += try_windows((struct shape){1, 2, {1, 7, 11}}, axes[0], axes[i], axes[j], true, lanes);
            checked += try_windows((struct shape){1, 3, {5, 4, 3}}, axes[j], axes[i], axes[(i + j) % AXES],
                                   j % 2, 16);
        }
    CHECK(checked > 250);
    for (int i = 0; i < AXES; i++)
        try_windows((struct shape){3, 1, {1, 1, 13}}, axes[0], axes[0], axes[i], i % 2, 48);
    static const int64_t wide[][5] = {{16, 1, 0, 3, 1}, {16, 5, 3, 0, 1}, {17, 1, 0, 0, 1}};
    try_windows((struct shape){1, 2, {1, 17, 19}}, axes[0], wide[0], wide[1], false, 16); /* of 256 */
    try_windows((struct shape){1, 2, {1, 17, 19}}, axes[0], wide[2], wide[1], false, 16); /* of 272 */
}

/* Strides and sizes of rows that vectors of a few lanes run along. */
static void test_any_number_of_samples(void)
{
    for (int n = 0; n < SAMPLE_COUNTS; n++) {
        int64_t lanes = sample_counts[n];
        for (int i = 0; i < AXES; i++) {
            const int64_t *axis = axes[i];
            try_windows((struct shape){2, 2, {1, 3, 41}}, axes[0], axes[1], axis, n % 2, lanes);
            try_windows((struct shape){1, 3, {4, 5, 16}}, axes[1], axes[4], axis, n % 2, lanes);
            try_windows((struct shape){3, 1, {1, 1, 7}}, axes[0], axes[0], axis, i % 2, lanes);
        }
        static const int64_t wide[][5] = {{17, 1, 0, 0, 1}, {16, 2, 3, 0, 1}};
        try_windows((struct shape){1, 2, {1, 17, 37}}, axes[0], wide[0], wide[n % 2], false, lanes);
    }
}

static void test_adaptive(void)
{
    static const int64_t sizes[][3] = {{1, 1, 1}, {2, 3, 5}, {1, 7, 7}, {5, 4, 6}, {3, 1, 2}, {1, 6, 64}};
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 6; j++) {
            struct pool p = {.window = window_even(
                                 (struct shape){2, 3, {sizes[i][0], sizes[i][1], sizes[i][2]}}, 0, 1, 1, 0),
                             .adaptive = true};
            p.window.out = (struct shape){2, 3, {sizes[j][0], sizes[j][1], sizes[j][2]}};
            check_pool(p, sample_counts[(i * 6 + j) % SAMPLE_COUNTS]);
        }
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    for (int i = 0; i < LEVEL_NAMES; i++) {
        if (select_kernels(level_names[i]) != STATUS_OK) continue;
        CHECK_CASE(test_windows());
        CHECK_CASE(test_any_number_of_samples());
        CHECK_CASE(test_adaptive());
    }
    CHECK(mem_alive() == 0);
    return check_result();
}
