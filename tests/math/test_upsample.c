/* test_upsample.c - upsampling of any number of samples: against mixtures in double (nn.spatial has values of
 * PyTorch), its gradient as the transpose, and a sample against itself beside other numbers of samples. */
#include "exact.h"
#include "kernels.h"
#include "math/upsample.h"

struct upsampled {
    float *y, *dx;
};

static struct upsampled run(struct upsample u, int64_t lanes, const float *x, const float *dy)
{
    u.lanes = lanes;
    struct upsampled r = {exact_vector(shape_features(u.out) * lanes, 3),
                          exact_vector(shape_features(u.in) * lanes, 3)};
    void *scratch = exact_bytes((size_t)upsample_scratch_bytes(&u));
    kernels->upsample_forward(&u, x, r.y, scratch);
    kernels->upsample_backward(&u, dy, r.dx, scratch);
    free(scratch);
    return r;
}

/* Of one lane of a channel x, output (d, h, w) in double. */
static double mixture(const struct upsample *u, const float *x, int64_t d, int64_t h, int64_t w)
{
    struct upsample_mix m[] = {upsample_mix_of(u, AXIS_D, d), upsample_mix_of(u, AXIS_H, h),
                               upsample_mix_of(u, AXIS_W, w)};
    double sum = 0;
    for (int corner = 0; corner < 8; corner++) {
        double share = 1;
        int64_t at = 0;
        for (int axis = 0; axis < SHAPE_AXES; axis++) {
            bool second = corner >> axis & 1;
            share *= second ? (double)m[axis].weight : 1 - (double)m[axis].weight;
            at = at * u->in.d[axis] + (second ? m[axis].second : m[axis].first);
        }
        sum += share * (double)x[at * u->lanes];
    }
    return sum;
}

/* A chain of at most 8 terms with shares of 4 roundings; values are below 1. */
static void check_values(const struct upsample *u, const float *x, const float *y)
{
    for (int64_t c = 0; c < u->in.c; c++, x += shape_positions(u->in) * u->lanes)
        for (int64_t d = 0; d < u->out.d[AXIS_D]; d++)
            for (int64_t h = 0; h < u->out.d[AXIS_H]; h++)
                for (int64_t w = 0; w < u->out.d[AXIS_W]; w++)
                    for (int64_t n = 0; n < u->lanes; n++, y++)
                        CHECK_NEAR(*y, mixture(u, x + n, d, h, w), 16 * FLOAT_EPSILON);
}

/* <y, dy> = <x, dx>: each side has a rounding for each of at most 8 terms of an output, and as many again for
 * the outputs that an input adds up. */
static void check_transpose(const struct upsample *u, const float *x, const float *dy,
                            const struct upsampled *r)
{
    int64_t in = shape_features(u->in) * u->lanes, out = shape_features(u->out) * u->lanes;
    double forward = 0, backward = 0;
    for (int64_t i = 0; i < out; i++) forward += (double)r->y[i] * (double)dy[i];
    for (int64_t i = 0; i < in; i++) backward += (double)x[i] * (double)r->dx[i];
    CHECK_NEAR(forward, backward, FLOAT_EPSILON * 16 * (double)out * 8);
}

static void check_upsample(struct upsample u, int64_t lanes)
{
    u.lanes = lanes;
    int64_t in = shape_features(u.in), out = shape_features(u.out), padded = (lanes + 15) / 16 * 16;
    float *x = exact_vector(in * lanes, 1), *dy = exact_vector(out * lanes, 2);
    float *padded_x = with_lanes(x, in, lanes, padded), *padded_dy = with_lanes(dy, out, lanes, padded);
    struct upsampled r = run(u, lanes, x, dy), q = run(u, padded, padded_x, padded_dy);
    check_values(&u, x, r.y);
    check_transpose(&u, x, dy, &r);
    CHECK(same_lanes(r.y, lanes, q.y, padded, out));
    CHECK(same_lanes(r.dx, lanes, q.dx, padded, in));
    free(x), free(dy), free(padded_x), free(padded_dy);
    free(r.y), free(r.dx), free(q.y), free(q.dx);
}

static void test_level(void)
{
    static const int64_t sizes[][2][3] = {{{1, 1, 1}, {1, 1, 5}},   {{1, 1, 5}, {1, 1, 10}},
                                          {{1, 4, 13}, {1, 8, 26}}, {{2, 3, 7}, {4, 6, 14}},
                                          {{1, 2, 3}, {1, 5, 17}},  {{1, 6, 9}, {1, 4, 5}},
                                          {{3, 2, 4}, {2, 7, 4}},   {{1, 1, 40}, {1, 1, 120}}};
    for (int i = 0; i < 8; i++)
        for (int n = 0; n < SAMPLE_COUNTS; n++)
            for (int mode = 0; mode < 3; mode++) {
                const int64_t *in = sizes[i][0], *out = sizes[i][1];
                struct upsample u = {.in = {2, 3, {in[0], in[1], in[2]}},
                                     .out = {2, 3, {out[0], out[1], out[2]}},
                                     .linear = mode > 0,
                                     .align_corners = mode == 2};
                check_upsample(u, sample_counts[n]);
                u.scale[AXIS_W] = mode == 0 ? 1.7 : 2.5; /* need not fit the sizes */
                check_upsample(u, sample_counts[n]);
            }
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    for (int i = 0; i < LEVEL_NAMES; i++)
        if (select_kernels(level_names[i]) == STATUS_OK) CHECK_CASE(test_level());
    CHECK(mem_alive() == 0);
    return check_result();
}
