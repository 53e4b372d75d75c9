/* test_conv.c - convolutions against a plain loop in double.
 *
 * Awkward shapes and windows; every level with fused multiply-add against the others bit by bit; and every
 * sample and every leaf against itself in a pass of its own. */
#include "kernels.h"
#include "vectors.h"

/* Element (c, y, x, n) of an activation, 0 outside. */
static double at(const float *a, struct shape s, int64_t lanes, int64_t c, int64_t y, int64_t x, int64_t n)
{
    if (y < 0 || x < 0 || y >= s.d[AXIS_H] || x >= s.d[AXIS_W]) return 0;
    return a[((c * s.d[AXIS_H] + y) * s.d[AXIS_W] + x) * lanes + n];
}

struct conv_case {
    struct window c;
    int64_t weights, in, out;
    float *x, *w, *bias, *dy, *scratch;
};

static void check_forward(const struct conv_case *k, const float *result)
{
    const struct window *c = &k->c;
    for (int64_t oc = 0; oc < c->out.c; oc++)
        for (int64_t oy = 0; oy < c->out.d[AXIS_H]; oy++)
            for (int64_t ox = 0; ox < c->out.d[AXIS_W]; ox++)
                for (int64_t n = 0; n < c->lanes; n += 5) {
                    double sum = k->bias[oc], size = fabs(sum);
                    const float *w = k->w + oc * c->in.c * window_taps(c);
                    for (int64_t ic = 0; ic < c->in.c; ic++)
                        for (int64_t ky = 0; ky < c->kernel[AXIS_H]; ky++)
                            for (int64_t kx = 0; kx < c->kernel[AXIS_W]; kx++, w++) {
                                int64_t y = oy * c->stride[AXIS_H] - c->pad_before[AXIS_H] + ky;
                                int64_t x = ox * c->stride[AXIS_W] - c->pad_before[AXIS_W] + kx;
                                double term = *w * at(k->x, c->in, c->lanes, ic, y, x, n);
                                sum += term, size += fabs(term);
                            }
                    CHECK_NEAR(at(result, c->out, c->lanes, oc, oy, ox, n), sum,
                               FLOAT_EPSILON * size * (double)(c->in.c * window_taps(c) + 2));
                }
}

/* <dy, conv(x)> = <conv_backward_data(dy), x> = <conv_backward_weight(x, dy), w>, the defining law of a
 * transpose. */
static void check_transposes(const struct conv_case *k, const float *dx, const float *dw)
{
    const struct window *c = &k->c;
    float *y = vector(k->out, 0);
    kernels->conv_forward(c, k->w, NULL, false, k->x, y, k->scratch);
    double forward = 0, data = 0, weight = 0, size = 0;
    for (int64_t i = 0; i < k->out; i++)
        forward += (double)k->dy[i] * (double)y[i], size += fabs((double)k->dy[i] * y[i]);
    for (int64_t i = 0; i < k->in; i++) data += (double)dx[i] * (double)k->x[i];
    for (int64_t i = 0; i < k->weights; i++) weight += (double)dw[i] * (double)k->w[i];
    double bound = FLOAT_EPSILON * size * 64;
    CHECK_NEAR(data, forward, bound);
    CHECK_NEAR(weight, forward, bound);
    mem_free(&y);
}

static struct conv_case conv_case(struct window window, int64_t out, int64_t lanes, int64_t leaves)
{
    struct conv_case k = {.c = window};
    CHECK(window_place(&k.c, out, 2));
    k.c.lanes = lanes, k.c.leaves = leaves;
    k.weights = out * window.in.c * window_taps(&window);
    k.in = shape_features(window.in) * lanes;
    k.out = shape_features(k.c.out) * lanes;
    k.x = vector(k.in, 1), k.w = vector(k.weights, 2), k.bias = vector(out, 3), k.dy = vector(k.out, 4);
    return k;
}

static void case_free(struct conv_case *k)
{
    mem_free(&k->x), mem_free(&k->w), mem_free(&k->bias), mem_free(&k->dy), mem_free(&k->scratch);
}

static void check_conv(struct window window, int64_t out, int64_t lanes)
{
    struct conv_case k = conv_case(window, out, lanes, 1);
    struct window *c = &k.c;
    float *first[3] = {0};
    for (int i = 0; i < LEVEL_NAMES; i++) {
        if (select_kernels(level_names[i]) != STATUS_OK) continue;
        float *result[3] = {vector(k.out, 0), vector(k.in, 0), vector(k.weights, 0)};
        k.scratch = vector(kernels->conv_scratch_floats(c), 0);
        kernels->conv_forward(c, k.w, k.bias, false, k.x, result[0], k.scratch);
        kernels->conv_backward_data(c, k.w, k.dy, NULL, result[1], k.scratch);
        kernels->conv_backward_weight(c, k.x, k.dy, result[2], k.scratch);
        check_forward(&k, result[0]);
        check_transposes(&k, result[1], result[2]);
        int64_t counts[3] = {k.out, k.in, k.weights};
        for (int r = 0; r < 3; r++) {
            if (first[r] && strcmp(level_names[i], "v2") != 0) CHECK(same(first[r], result[r], counts[r]));
            if (!first[r])
                first[r] = result[r];
            else
                mem_free(&result[r]);
        }
        mem_free(&k.scratch);
    }
    for (int r = 0; r < 3; r++) mem_free(&first[r]);
    case_free(&k);
}

static void test_convolutions(void)
{
    static const int64_t channels[][2] = {{1, 1}, {1, 6}, {6, 12}, {3, 7}, {17, 13}, {20, 32}};
    for (int i = 0; i < 6; i++)
        for (int64_t kernel = 1; kernel <= 5; kernel += 2)
            for (int64_t stride = 1; stride <= 2; stride++)
                for (int64_t padding = 0; padding <= 2; padding += 2)
                    check_conv(window_even(shape_2d(channels[i][0], 7, 9), 2, kernel, stride, padding),
                               channels[i][1], i % 2 ? 16 : 48);
    check_conv(window_even(shape_2d(2, 3, 3), 2, 3, 1, 0), 3, 16); /* one output */
    check_conv(window_even(shape_2d(70, 5, 5), 2, 3, 1, 1), 64, 16);
}

/* Windows that differ along height and width: kernel, stride, padding before and after. */
static const struct {
    int64_t height[4], width[4];
} uneven[] = {
    {{1, 1, 0, 0}, {5, 1, 0, 0}}, {{5, 1, 0, 0}, {1, 1, 0, 0}}, {{2, 1, 0, 0}, {4, 1, 3, 0}},
    {{3, 2, 0, 2}, {2, 1, 1, 0}}, {{1, 3, 0, 0}, {3, 2, 2, 1}}, {{4, 3, 1, 4}, {5, 2, 0, 7}},
    {{3, 1, 0, 2}, {3, 1, 2, 1}}, {{3, 1, 1, 0}, {3, 1, 0, 0}}, {{3, 1, 0, 3}, {3, 1, 1, 1}},
    {{3, 2, 1, 1}, {3, 1, 1, 1}}, {{9, 1, 2, 0}, {2, 5, 0, 4}}, {{3, 1, 2, 2}, {3, 1, 0, 2}},
};
#define UNEVEN (int)(sizeof uneven / sizeof uneven[0])

static struct window uneven_window(int i, int64_t channels)
{
    struct window w = window_even(shape_2d(channels, 7, 10), 2, 1, 1, 0);
    const int64_t *axes[] = {uneven[i].height, uneven[i].width};
    for (int axis = AXIS_H; axis <= AXIS_W; axis++) {
        const int64_t *of = axes[axis - AXIS_H];
        w.kernel[axis] = of[0], w.stride[axis] = of[1], w.pad_before[axis] = of[2], w.pad_after[axis] = of[3];
    }
    return w;
}

static void test_uneven(void)
{
    static const int64_t channels[][2] = {{1, 6}, {3, 7}, {6, 33}, {17, 13}, {20, 32}};
    for (int i = 0; i < UNEVEN; i++)
        for (int k = 0; k < 5; k++)
            check_conv(uneven_window(i, channels[k][0]), channels[k][1], k % 2 ? 16 : 48);
}

/* A signal is an image of height 1. */
static void test_signals(void)
{
    static const int64_t length = 21, channels[][2] = {{1, 5}, {20, 32}};
    for (int k = 0; k < 2; k++)
        for (int64_t stride = 1; stride <= 2; stride++) {
            struct shape in = shape_of(channels[k][0], 1, &length);
            check_conv(window_even(in, 1, 3, stride, 1), channels[k][1], 16);
        }
}

/* The lanes of leaf `leaf` of an activation of `features` values. */
static float *leaf_of(const float *a, int64_t features, int64_t leaves, int64_t lanes, int64_t leaf)
{
    float *part = vector(features * lanes, 0);
    for (int64_t f = 0; f < features; f++)
        memcpy(part + f * lanes, a + (f * leaves + leaf) * lanes, (size_t)lanes * sizeof *a);
    return part;
}

/* What leaf `leaf` gives in a call of its own: its samples' results must be those of the joint call, bit by
 * bit; its weight gradient is returned. */
static float *check_leaf(const struct conv_case *k, const float *y, const float *dx, int64_t leaf)
{
    struct window one = k->c;
    one.lanes /= one.leaves, one.leaves = 1;
    int64_t in = shape_features(one.in), out = shape_features(one.out), leaves = k->c.leaves;
    float *x = leaf_of(k->x, in, leaves, one.lanes, leaf), *dy = leaf_of(k->dy, out, leaves, one.lanes, leaf);
    float *want_y = leaf_of(y, out, leaves, one.lanes, leaf),
          *want_dx = leaf_of(dx, in, leaves, one.lanes, leaf);
    float *got_y = vector(out * one.lanes, 0), *got_dx = vector(in * one.lanes, 0),
          *dw = vector(k->weights, 0);
    kernels->conv_forward(&one, k->w, k->bias, false, x, got_y, k->scratch);
    kernels->conv_backward_data(&one, k->w, dy, NULL, got_dx, k->scratch);
    kernels->conv_backward_weight(&one, x, dy, dw, k->scratch);
    CHECK(same(got_y, want_y, out * one.lanes));
    CHECK(same(got_dx, want_dx, in * one.lanes));
    mem_free(&x), mem_free(&dy), mem_free(&want_y), mem_free(&want_dx), mem_free(&got_y), mem_free(&got_dx);
    return dw;
}

/* The joint weight gradient is the balanced binary tree over the leaves' own. */
static void check_leaves(struct window window, int64_t out, int64_t leaf_lanes, int64_t leaves)
{
    struct conv_case k = conv_case(window, out, leaf_lanes * leaves, leaves);
    float *y = vector(k.out, 0), *dx = vector(k.in, 0), *dw = vector(k.weights, 0), *part[8];
    k.scratch = vector(kernels->conv_scratch_floats(&k.c), 0);
    kernels->conv_forward(&k.c, k.w, k.bias, false, k.x, y, k.scratch);
    kernels->conv_backward_data(&k.c, k.w, k.dy, NULL, dx, k.scratch);
    kernels->conv_backward_weight(&k.c, k.x, k.dy, dw, k.scratch);
    for (int64_t leaf = 0; leaf < leaves; leaf++) part[leaf] = check_leaf(&k, y, dx, leaf);
    for (int64_t step = 1; step < leaves; step *= 2)
        for (int64_t leaf = 0; leaf < leaves; leaf += 2 * step)
            for (int64_t i = 0; i < k.weights; i++) part[leaf][i] += part[leaf + step][i];
    CHECK(same(dw, part[0], k.weights));
    for (int64_t leaf = 0; leaf < leaves; leaf++) mem_free(&part[leaf]);
    mem_free(&y), mem_free(&dx), mem_free(&dw);
    case_free(&k);
}

/* The results with ReLU and its mask are those of the functions they stand for, not a number included. */
static void check_finish(struct window window, int64_t out)
{
    struct conv_case k = conv_case(window, out, 32, 1);
    float *y = vector(k.out, 0), *want_y = vector(k.out, 0), *dx = vector(k.in, 0),
          *want_dx = vector(k.in, 0);
    k.scratch = vector(kernels->conv_scratch_floats(&k.c), 0);
    k.bias[out - 1] = NAN;
    k.x[0] = NAN, k.x[1] = 0;
    kernels->conv_forward(&k.c, k.w, k.bias, false, k.x, want_y, k.scratch);
    kernels->relu_forward(k.out, want_y, want_y);
    kernels->conv_forward(&k.c, k.w, k.bias, true, k.x, y, k.scratch);
    kernels->conv_backward_data(&k.c, k.w, k.dy, NULL, want_dx, k.scratch);
    kernels->relu_backward(k.in, k.x, want_dx, want_dx);
    kernels->conv_backward_data(&k.c, k.w, k.dy, k.x, dx, k.scratch);
    CHECK(same(y, want_y, k.out) && isnan(y[k.out - 1]));
    CHECK(same(dx, want_dx, k.in) && dx[1] == 0);
    mem_free(&y), mem_free(&want_y), mem_free(&dx), mem_free(&want_dx);
    case_free(&k);
}

static void test_finish(void)
{
    check_finish(window_even(shape_2d(1, 6, 7), 2, 5, 1, 0), 6);
    check_finish(window_even(shape_2d(6, 6, 7), 2, 3, 1, 1), 13);
    check_finish(window_even(shape_2d(20, 7, 7), 2, 3, 1, 1), 24);
    check_finish(window_even(shape_2d(20, 7, 7), 2, 5, 1, 2), 24);
}

static void test_leaves(void)
{
    static const int64_t channels[][2] = {{1, 6}, {6, 12}, {3, 33}, {17, 13}, {30, 20}, {70, 66}};
    for (int i = 0; i < 6; i++)
        for (int64_t kernel = 1; kernel <= 5; kernel += 2)
            for (int64_t stride = 1; stride <= 2; stride++)
                for (int64_t leaves = 1; leaves <= 8; leaves *= 2)
                    check_leaves(window_even(shape_2d(channels[i][0], 6, 7), 2, kernel, stride, kernel / 2),
                                 channels[i][1], leaves == 4 ? 48 : 16, leaves);
    check_leaves(window_even(shape_2d(16, 9, 8), 2, 3, 1, 0), 16, 32, 2);
    check_leaves(window_even(shape_2d(64, 12, 12), 2, 3, 1, 2), 80, 16, 4);
    for (int i = 0; i < UNEVEN; i++)
        for (int64_t leaves = 2; leaves <= 8; leaves *= 4) {
            check_leaves(uneven_window(i, 3), 7, 16, leaves);
            check_leaves(uneven_window(i, 17), 20, 16, leaves);
        }
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_convolutions());
    CHECK_CASE(test_uneven());
    CHECK_CASE(test_signals());
    for (int i = 0; i < LEVEL_NAMES; i++)
        if (select_kernels(level_names[i]) == STATUS_OK) {
            CHECK_CASE(test_leaves());
            CHECK_CASE(test_finish());
        }
    CHECK(mem_alive() == 0);
    return check_result();
}
