/* test_conv_live.c - convolutions of passes of which some lanes hold no sample: the others get the bits they
 * get when all lanes are computed. */
#include "kernels.h"
#include "math/blas.h"
#include "vectors.h"

#define MAX_LEAVES 4

struct results {
    float *y, *dx, *dw;
};

static struct results compute(const struct window *c, const float *w, const float *x, const float *dy)
{
    int64_t lanes = c->lanes, weights = c->out.c * c->in.c / c->groups * window_taps(c);
    struct results r = {vector(shape_features(c->out) * lanes, 7), vector(shape_features(c->in) * lanes, 8),
                        vector(weights, 9)};
    float *scratch = vector(kernels->conv_scratch_floats(c), 0);
    kernels->conv_forward(c, w, x, &(struct finish){.relu = RELU_UNLIMITED}, r.y, scratch);
    kernels->conv_backward_data(c, w, dy, &(struct finish){.mask = x, .mask_limit = RELU_UNLIMITED}, r.dx,
                                scratch);
    kernels->conv_backward_weight(c, x, dy, r.dw, scratch);
    mem_free(&scratch);
    return r;
}

static bool is_live(const struct window *c, const int64_t *live, int64_t lane)
{
    int64_t own = c->lanes / c->leaves;
    return lane % own < live[lane / own];
}

static void clear_dead(const struct window *c, const int64_t *live, int64_t features, float *a)
{
    for (int64_t i = 0; i < features * c->lanes; i++)
        if (!is_live(c, live, i % c->lanes)) a[i] = 0;
}

/* Live lanes are equal bit by bit, the others finite, and zeros where the gradient flows. */
static void compare(const struct window *c, const int64_t *live, const struct results *some,
                    const struct results *all)
{
    int64_t out = shape_features(c->out) * c->lanes, in = shape_features(c->in) * c->lanes, differ = 0;
    for (int64_t i = 0; i < out; i++)
        differ += is_live(c, live, i % c->lanes) ? !same(&some->y[i], &all->y[i], 1) : !isfinite(some->y[i]);
    for (int64_t i = 0; i < in; i++)
        differ += is_live(c, live, i % c->lanes) ? !same(&some->dx[i], &all->dx[i], 1) : some->dx[i] != 0;
    CHECK(differ == 0);
    CHECK(same(some->dw, all->dw, c->out.c * c->in.c / c->groups * window_taps(c)));
}

static void check_live(struct window c, int64_t out, const int64_t *live)
{
    CHECK(window_place(&c, out, c.in.rank));
    int64_t weights = out * c.in.c / c.groups * window_taps(&c);
    float *w = vector(weights, 1), *x = vector(shape_features(c.in) * c.lanes, 2),
          *dy = vector(shape_features(c.out) * c.lanes, 3);
    clear_dead(&c, live, shape_features(c.out), dy);
    struct results all = compute(&c, w, x, dy);
    c.live = live;
    struct results some = compute(&c, w, x, dy);
    compare(&c, live, &some, &all);
    mem_free(&w), mem_free(&x), mem_free(&dy);
    mem_free(&all.y), mem_free(&all.dx), mem_free(&all.dw);
    mem_free(&some.y), mem_free(&some.dx), mem_free(&some.dw);
}

/* Every number of samples of one leaf, and mixtures of several. */
static void check_products(struct window c, int64_t out, enum products products)
{
    c.products = products;
    c.lanes = 32, c.leaves = 1;
    for (int64_t live = 0; live <= 32; live++) check_live(c, out, &live);
    static const int64_t mixed[][MAX_LEAVES] = {{8, 8, 8, 8}, {7, 1, 0, 16}, {16, 9, 4, 5}, {0, 0, 0, 3}};
    c.lanes = 64, c.leaves = MAX_LEAVES;
    for (int i = 0; i < 4; i++) check_live(c, out, mixed[i]);
    static const int64_t wide[2] = {37, 20};
    c.lanes = 96, c.leaves = 2;
    check_live(c, out, wide);
    static const int64_t few[] = {0, 5, 128, 130}; /* so few that whole panels of columns hold no sample */
    c.lanes = 256, c.leaves = 1;
    for (int i = 0; i < 4; i++) check_live(c, out, &few[i]);
}

static void check_window(struct window c, int64_t out)
{
    check_products(c, out, PRODUCTS_AUTO);
    if (kernels_have_bf16(kernels)) check_products(c, out, PRODUCTS_BF16);
}

static void test_windows(void)
{
    check_window(window_even(shape_2d(12, 7, 9), 2, 3, 1, 1), 13); /* Winograd */
    check_window(window_even(shape_2d(70, 5, 6), 2, 3, 1, 0), 66); /* in several blocks */
    check_window(window_even(shape_2d(3, 6, 5), 2, 3, 1, 1), 6);   /* direct */
    check_window(window_even(shape_2d(20, 6, 5), 2, 5, 2, 2), 17); /* in panels */
    check_window(window_even(shape_2d(64, 2, 3), 2, 1, 1, 0), 80); /* more weights than columns */
    static const int64_t volume[] = {3, 4, 5};
    check_window(window_even(shape_of(12, 3, volume), 3, 3, 1, 1), 13);
    struct window depthwise = window_even(shape_2d(5, 6, 5), 2, 3, 1, 1);
    depthwise.groups = 5;
    check_window(depthwise, 5);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    blas_start();
    for (int i = 0; i < LEVEL_NAMES; i++)
        if (select_kernels(level_names[i]) == STATUS_OK) CHECK_CASE_OF(level_names[i], test_windows());
    CHECK(mem_alive() == 0);
    return check_result();
}
