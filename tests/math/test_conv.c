/* test_conv.c - convolutions against a plain loop in double.
 * Awkward shapes and windows; every level with fused multiply-add against the others bit by bit; and every
 * sample and every leaf against itself in a pass of its own. */
#include "kernels.h"
#include "math/blas.h"
#include "vectors.h"
#define CHECKED_STEP  5  /* every fifth sample is compared with the definition */
#define CHECKED_LANES 16 /* the most of a pass */

/* Where in an activation position p of channel c is, in samples; -1 outside. */
static int64_t place_of(struct shape s, int64_t c, const int64_t p[SHAPE_AXES])
{
    for (int i = 0; i < SHAPE_AXES; i++) {
        if (p[i] < 0 || p[i] >= s.d[i]) return -1;
        c = c * s.d[i] + p[i];
    }
    return c;
}

struct conv_case {
    struct window c;
    int64_t weights, in, out;
    float *x, *w, *bias, *dy, *scratch;
};

static void positions_of(int64_t index, const int64_t sizes[SHAPE_AXES], int64_t p[SHAPE_AXES])
{
    for (int i = SHAPE_AXES - 1; i >= 0; i--) p[i] = index % sizes[i], index /= sizes[i];
}

/* The value of one output by definition, for every fifth sample, and the sum of the sizes of its terms. */
struct output {
    double sum[CHECKED_LANES], size[CHECKED_LANES];
};

static struct output output_at(const struct conv_case *k, int64_t oc, const int64_t o[SHAPE_AXES])
{
    const struct window *c = &k->c;
    int64_t taps = window_taps(c), channels = c->in.c / c->groups, group = oc / (c->out.c / c->groups);
    const float *w = k->w + oc * channels * taps;
    struct output out;
    for (int i = 0; i < CHECKED_LANES; i++) out.sum[i] = k->bias[oc], out.size[i] = fabs(k->bias[oc]);
    for (int64_t i = 0; i < channels * taps; i++) {
        int64_t tap[SHAPE_AXES], x[SHAPE_AXES];
        positions_of(i % taps, c->kernel, tap);
        for (int a = 0; a < SHAPE_AXES; a++)
            x[a] = o[a] * c->stride[a] - c->pad_before[a] + tap[a] * c->dilation[a];
        int64_t place = place_of(c->in, group * channels + i / taps, x);
        for (int64_t n = 0; place >= 0 && n < c->lanes; n += CHECKED_STEP) {
            double term = w[i] * k->x[place * c->lanes + n];
            out.sum[n / CHECKED_STEP] += term, out.size[n / CHECKED_STEP] += fabs(term);
        }
    }
    return out;
}

/* results[0] to results[count - 1] are those of `count` levels. */
static void check_forward(const struct conv_case *k, float *const *results, int count)
{
    const struct window *c = &k->c;
    int64_t depth = c->in.c / c->groups * window_taps(c);
    CHECK(c->lanes <= CHECKED_LANES * CHECKED_STEP);
    for (int64_t i = 0; i < shape_features(c->out); i++) {
        int64_t o[SHAPE_AXES], oc = i / shape_positions(c->out);
        positions_of(i % shape_positions(c->out), c->out.d, o);
        struct output out = output_at(k, oc, o);
        for (int64_t n = 0; n < c->lanes; n += CHECKED_STEP)
            for (int r = 0; r < count; r++)
                CHECK_NEAR(results[r][i * c->lanes + n], out.sum[n / CHECKED_STEP],
                           FLOAT_EPSILON * out.size[n / CHECKED_STEP] * (double)(depth + 2));
    }
}

/* <dy, conv(x)> = <conv_backward_data(dy), x> = <conv_backward_weight(x, dy), w>, the defining law of a
 * transpose. */
static void check_transposes(const struct conv_case *k, const float *dx, const float *dw)
{
    const struct window *c = &k->c;
    float *y = vector(k->out, 0);
    kernels->conv_forward(c, k->w, k->x, &(struct finish){0}, y, k->scratch);
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

static enum products products; /* that the cases ask for */

static struct conv_case conv_case(struct window window, int64_t out, int64_t lanes, int64_t leaves)
{
    struct conv_case k = {.c = window};
    CHECK(window_place(&k.c, out, window.in.rank));
    k.c.lanes = lanes, k.c.leaves = leaves, k.c.products = products;
    k.weights = out * window.in.c / window.groups * window_taps(&window);
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
    float *forward[LEVEL_NAMES] = {0}, *first[2] = {0};
    int levels = 0;
    for (int i = 0; i < LEVEL_NAMES; i++) {
        if (select_kernels(level_names[i]) != STATUS_OK) continue;
        float *y = vector(k.out, 0), *result[2] = {vector(k.in, 0), vector(k.weights, 0)};
        k.scratch = vector(kernels->conv_scratch_floats(c), 0);
        kernels->conv_forward(c, k.w, k.x, &(struct finish){.bias = k.bias}, y, k.scratch);
        kernels->conv_backward_data(c, k.w, k.dy, &(struct finish){0}, result[0], k.scratch);
        kernels->conv_backward_weight(c, k.x, k.dy, result[1], k.scratch);
        check_transposes(&k, result[0], result[1]);
        bool fused = strcmp(level_names[i], "v2") != 0;
        if (levels && fused) CHECK(same(forward[0], y, k.out));
        for (int r = 0; r < 2; r++) {
            if (levels && fused) CHECK(same(first[r], result[r], r == 0 ? k.in : k.weights));
            if (!levels) first[r] = result[r], result[r] = NULL;
            mem_free(&result[r]);
        }
        forward[levels++] = y;
        mem_free(&k.scratch);
    }
    check_forward(&k, forward, levels);
    for (int i = 0; i < levels; i++) mem_free(&forward[i]);
    mem_free(&first[0]), mem_free(&first[1]);
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

/* Windows over all three axes, with dilation and groups: in, kernel, stride, dilation, before, after. */
static const struct {
    int64_t channels, out, groups, of[6][SHAPE_AXES];
} general[] = {
    {1, 1, 1, {{1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}}},
    {3, 5, 1, {{1, 1, 31}, {1, 1, 7}, {1, 1, 4}, {1, 1, 1}, {0, 0, 1}, {0, 0, 2}}},
    {5, 4, 1, {{1, 1, 32}, {1, 1, 3}, {1, 1, 1}, {1, 1, 8}, {0, 0, 16}, {0, 0, 0}}},
    {20, 24, 1, {{1, 1, 24}, {1, 1, 3}, {1, 1, 1}, {1, 1, 4}, {0, 0, 8}, {0, 0, 0}}},
    {4, 6, 2, {{1, 1, 13}, {1, 1, 5}, {1, 1, 2}, {1, 1, 3}, {0, 0, 7}, {0, 0, 1}}},
    {3, 7, 1, {{1, 9, 8}, {1, 3, 3}, {1, 1, 1}, {1, 2, 2}, {0, 2, 2}, {0, 2, 2}}},
    {17, 20, 1, {{1, 9, 11}, {1, 3, 2}, {1, 2, 1}, {1, 1, 3}, {0, 0, 2}, {0, 4, 0}}},
    {8, 8, 8, {{1, 7, 9}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}}},
    {5, 5, 5, {{1, 8, 7}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}}},
    {6, 6, 6, {{1, 7, 7}, {1, 3, 3}, {1, 1, 1}, {1, 2, 2}, {0, 2, 2}, {0, 2, 2}}},
    {7, 7, 7, {{1, 6, 5}, {1, 5, 3}, {1, 3, 1}, {1, 1, 2}, {0, 4, 0}, {0, 0, 3}}},
    {3, 3, 3, {{1, 1, 19}, {1, 1, 7}, {1, 1, 2}, {1, 1, 1}, {0, 0, 3}, {0, 0, 3}}},
    {4, 12, 4, {{1, 5, 6}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}}},
    {32, 48, 2, {{1, 6, 5}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}}},
    {2, 3, 1, {{5, 6, 4}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}}},
    {18, 16, 1, {{4, 3, 5}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}}},
    {4, 6, 2, {{7, 5, 6}, {3, 2, 3}, {2, 1, 3}, {1, 2, 1}, {2, 0, 1}, {0, 1, 2}}},
    {20, 24, 1, {{5, 4, 6}, {3, 3, 2}, {2, 1, 1}, {1, 1, 1}, {1, 1, 0}, {1, 0, 1}}},
    {3, 20, 1, {{4, 4, 5}, {3, 3, 3}, {1, 1, 1}, {2, 1, 1}, {2, 1, 1}, {2, 1, 1}}},
    {13, 17, 1, {{4, 5, 3}, {2, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 2, 0}, {0, 0, 2}}},
    {12, 12, 1, {{3, 4, 4}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}}},
    {24, 26, 2, {{3, 3, 4}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}}},
    {3, 3, 3, {{4, 5, 3}, {3, 3, 3}, {1, 2, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}}},
    {12, 10, 1, {{1, 6, 8}, {1, 2, 2}, {1, 2, 2}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}}},
    {40, 9, 1, {{1, 3, 5}, {1, 1, 1}, {1, 2, 2}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}}},
    {300, 7, 1, {{1, 1, 2}, {1, 1, 3}, {1, 1, 1}, {1, 1, 1}, {0, 0, 1}, {0, 0, 1}}},
    {2, 3, 1, {{1, 2, 2}, {1, 1, 1}, {1, 3, 3}, {1, 1, 1}, {0, 4, 0}, {0, 4, 5}}},
};
#define GENERAL (int)(sizeof general / sizeof general[0])

static struct window general_window(int i)
{
    struct window w = {.in = {general[i].channels, SHAPE_AXES, {1, 1, 1}}, .groups = general[i].groups};
    int64_t *to[] = {w.in.d, w.kernel, w.stride, w.dilation, w.pad_before, w.pad_after};
    for (int k = 0; k < 6; k++) memcpy(to[k], general[i].of[k], sizeof general[i].of[k]);
    return w;
}

static void test_general(void)
{
    for (int i = 0; i < GENERAL; i++) {
        check_conv(general_window(i), general[i].out, 16);
        check_conv(general_window(i), general[i].out, 80);
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
    kernels->conv_forward(&one, k->w, x, &(struct finish){.bias = k->bias}, got_y, k->scratch);
    kernels->conv_backward_data(&one, k->w, dy, &(struct finish){0}, got_dx, k->scratch);
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
    kernels->conv_forward(&k.c, k.w, k.x, &(struct finish){.bias = k.bias}, y, k.scratch);
    kernels->conv_backward_data(&k.c, k.w, k.dy, &(struct finish){0}, dx, k.scratch);
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

static void test_general_leaves(void)
{
    for (int i = 0; i < GENERAL; i++)
        for (int64_t leaves = 2; leaves <= 8; leaves *= 2)
            check_leaves(general_window(i), general[i].out, leaves == 4 ? 48 : 16, leaves);
    check_leaves(general_window(2), general[2].out, 1040, 2);
}

/* The results with ReLU and its mask are those of the functions they stand for, not a number included. */
static void check_finish(struct window window, int64_t out, float limit)
{
    struct conv_case k = conv_case(window, out, 32, 1);
    float *y = vector(k.out, 0), *want_y = vector(k.out, 0), *dx = vector(k.in, 0),
          *want_dx = vector(k.in, 0);
    k.scratch = vector(kernels->conv_scratch_floats(&k.c), 0);
    k.bias[out - 1] = NAN, k.x[0] = NAN, k.x[1] = 0;
    const struct finish masked = {.mask = k.x, .mask_limit = limit};
    kernels->conv_forward(&k.c, k.w, k.x, &(struct finish){.bias = k.bias}, want_y, k.scratch);
    kernels->relu_forward(k.out, limit, want_y, want_y);
    kernels->conv_forward(&k.c, k.w, k.x, &(struct finish){.bias = k.bias, .relu = limit}, y, k.scratch);
    kernels->conv_backward_data(&k.c, k.w, k.dy, &(struct finish){0}, want_dx, k.scratch);
    kernels->relu_backward(k.in, limit, k.x, want_dx, want_dx);
    kernels->conv_backward_data(&k.c, k.w, k.dy, &masked, dx, k.scratch);
    CHECK(same(y, want_y, k.out) && isnan(y[k.out - 1]));
    CHECK(same(dx, want_dx, k.in) && dx[1] == 0);
    mem_free(&y), mem_free(&want_y), mem_free(&dx), mem_free(&want_dx);
    case_free(&k);
}

static void test_finish(void)
{
    check_finish(window_even(shape_2d(1, 6, 7), 2, 5, 1, 0), 6, RELU_UNLIMITED);
    check_finish(window_even(shape_2d(6, 6, 7), 2, 3, 1, 1), 13, 0.25f);
    check_finish(window_even(shape_2d(20, 7, 7), 2, 3, 1, 1), 24, 0.25f);
    check_finish(window_even(shape_2d(20, 7, 7), 2, 5, 1, 2), 24, RELU_UNLIMITED);
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

/* A transposed convolution adds its bias to the data gradient: as if to each channel afterwards, or before. */
static void check_transposed(struct window window, int64_t out)
{
    struct conv_case k = conv_case(window, out, 32, 1);
    float *dx = vector(k.in, 0), *want = vector(k.in, 0), *bias = vector(window.in.c, 7);
    int64_t plane = k.in / window.in.c;
    k.scratch = vector(kernels->conv_scratch_floats(&k.c), 0);
    kernels->conv_backward_data(&k.c, k.w, k.dy, &(struct finish){0}, want, k.scratch);
    kernels->conv_backward_data(&k.c, k.w, k.dy, &(struct finish){.bias = bias, .relu = 1}, dx, k.scratch);
    for (int64_t i = 0; i < k.in; i++) {
        double sum = (double)want[i] + (double)bias[i / plane];
        double size = (double)(out * window_taps(&window) + 2);
        CHECK_NEAR(dx[i], sum < 0 ? 0 : sum > 1 ? 1 : sum, FLOAT_EPSILON * size * 4);
    }
    mem_free(&dx), mem_free(&want), mem_free(&bias);
    case_free(&k);
}

static void test_transposed(void)
{
    for (int i = 0; i < GENERAL; i++) check_transposed(general_window(i), general[i].out);
    for (int i = 0; i < UNEVEN; i++) check_transposed(uneven_window(i, 13), 17);
}

static void test_general_finish(void)
{
    for (int i = 0; i < GENERAL; i++) check_finish(general_window(i), general[i].out, i % 2 ? NAN : 0.25f);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    blas_start();
    for (products = PRODUCTS_AUTO; products <= PRODUCTS_BLAS; products++) {
        const char *name = products == PRODUCTS_AUTO ? "auto" : "blas";
        CHECK_CASE_OF(name, test_convolutions());
        CHECK_CASE_OF(name, test_uneven());
        CHECK_CASE_OF(name, test_signals());
        CHECK_CASE_OF(name, test_general());
        for (int i = 0; i < LEVEL_NAMES; i++)
            if (select_kernels(level_names[i]) == STATUS_OK) {
                CHECK_CASE_OF(name, test_leaves());
                CHECK_CASE_OF(name, test_general_leaves());
                CHECK_CASE_OF(name, test_finish());
                CHECK_CASE_OF(name, test_general_finish());
                CHECK_CASE_OF(name, test_transposed());
                if (products == PRODUCTS_BLAS) break; /* the level only copies and adds */
            }
    }
    CHECK(mem_alive() == 0);
    return check_result();
}
