/* test_flat.c - kernels that run over flat arrays, for any number of samples.
 *
 * A sample has the same bits whatever number of samples stands beside it, so dense results are compared with those of
 * 48 lanes bit by bit. Sums are compared with float64, and that of sum_rows with its order of additions. Arrays have
 * exactly the size they need. */
#include "exact.h"
#include "kernels.h"

#define ALL 48 /* lanes of the results that others are compared with */

static const struct {
    int64_t channels, positions;
} sizes[] = {{2, 1}, {6, 1}, {2, 7}, {4, 13}, {34, 5}, {4, 64}};
#define SIZES (int)(sizeof sizes / sizeof *sizes)

/* An activation [channels][positions][lanes]. */
struct size {
    int64_t channels, positions, lanes;
};

static int64_t size_floats(struct size s)
{
    return s.channels * s.positions * s.lanes;
}

/* Values of the first `lanes` of ALL samples. */
static float *values(struct size s, uint64_t stream, float scale)
{
    float *v = exact_vector(size_floats(s), 0);
    for (int64_t f = 0; f < s.channels * s.positions; f++)
        for (int64_t n = 0; n < s.lanes; n++) {
            uint64_t i = (uint64_t)(f * ALL + n);
            v[f * s.lanes + n] = scale * (2 * rng_unit(rng_words(1, RNG_SYNTHETIC, stream, i).v[0]) - 1);
        }
    return v;
}

/* A kernel on x and dy: `out` is laid out as x, of as many channels or half of them. */
typedef void flat_function(struct size s, const float *x, const float *dy, float *out);

static void flat_relu(struct size s, const float *x, const float *dy, float *out)
{
    (void)dy;
    kernels->relu_forward(size_floats(s), 0.5f, x, out);
}

static void flat_relu_backward(struct size s, const float *x, const float *dy, float *out)
{
    kernels->relu_backward(size_floats(s), 0.5f, x, dy, out);
}

static void flat_add(struct size s, const float *x, const float *dy, float *out)
{
    kernels->add(size_floats(s), x, dy, out);
    kernels->add_relu(size_floats(s), RELU_UNLIMITED, out, x, out);
    kernels->mul(size_floats(s), out, dy, out);
}

static void flat_glu(struct size s, const float *x, const float *dy, float *out)
{
    (void)dy;
    kernels->glu_forward(size_floats(s) / 2, x, out);
}

static void flat_glu_backward(struct size s, const float *x, const float *dy, float *out)
{
    kernels->glu_backward(size_floats(s) / 2, x, dy, out);
}

static void flat_softmax(struct size s, const float *x, const float *dy, float *out)
{
    (void)dy;
    kernels->softmax_forward(s.channels, s.positions * s.lanes, x, out);
}

static void flat_softmax_backward(struct size s, const float *x, const float *dy, float *out)
{
    kernels->softmax_backward(s.channels, s.positions * s.lanes, x, dy, out);
}

static void flat_log_softmax(struct size s, const float *x, const float *dy, float *out)
{
    (void)dy;
    kernels->log_softmax_forward(s.channels, s.positions * s.lanes, x, out);
}

static void flat_log_softmax_backward(struct size s, const float *x, const float *dy, float *out)
{
    kernels->log_softmax_backward(s.channels, s.positions * s.lanes, x, dy, out);
}

static const float weight[34] = {1.5f, -0.25f, 3, 0.7f, -2, 0.1f}, bias[34] = {-1, 0.3f, 0, 2, 1, -7};

static struct rows flat_rows(struct size s)
{
    return (struct rows){s.channels, s.positions, s.lanes, 1};
}

static void flat_affine(struct size s, const float *x, const float *dy, float *out)
{
    (void)dy;
    kernels->affine_forward(&(struct rows){s.channels, s.positions, s.lanes, 1}, weight, bias, x, out);
}

static void flat_affine_backward(struct size s, const float *x, const float *dy, float *out)
{
    float dweight[34], dbias[34];
    struct rows rows = flat_rows(s);
    kernels->affine_backward(&rows, weight, x, dy, out, dweight, dbias);
}

static void flat_prelu(struct size s, const float *x, const float *dy, float *out)
{
    (void)dy;
    struct rows rows = flat_rows(s);
    kernels->prelu_forward(&rows, weight, x, out);
}

static void flat_prelu_backward(struct size s, const float *x, const float *dy, float *out)
{
    float dweight[34];
    struct rows rows = flat_rows(s);
    kernels->prelu_backward(&rows, weight, x, dy, out, dweight);
}

static struct channel_norm flat_norm(struct size s)
{
    return (struct channel_norm){s.channels, s.positions, s.lanes, 1, .relu = 0.5f, .masks = RELU_UNLIMITED};
}

/* Maps and slopes of 34 channels. */
static void flat_maps(struct channel_map maps[34], struct channel_slope slopes[34])
{
    for (int c = 0; c < 34; c++) {
        maps[c] = (struct channel_map){0.125f * (float)c, 1.5f, 0.25f};
        slopes[c] = (struct channel_slope){1.5f, 0.1f * (float)c, 0.125f};
    }
}

static void flat_norm_apply(struct size s, const float *x, const float *dy, float *out)
{
    (void)dy;
    struct channel_map maps[34];
    struct channel_slope slopes[34];
    struct channel_norm n = flat_norm(s);
    flat_maps(maps, slopes);
    kernels->norm_apply(&n, maps, x, out);
}

static void flat_norm_gradient_apply(struct size s, const float *x, const float *dy, float *out)
{
    struct channel_map maps[34];
    struct channel_slope slopes[34];
    struct channel_norm n = flat_norm(s);
    flat_maps(maps, slopes);
    kernels->norm_gradient_apply(&n, maps, slopes, x, dy, out);
}

static const struct {
    const char *name;
    flat_function *run;
    int64_t out; /* channels of x for one of the result */
} flat[] = {{"relu", flat_relu, 1},
            {"relu backward", flat_relu_backward, 1},
            {"add", flat_add, 1},
            {"glu", flat_glu, 2},
            {"glu backward", flat_glu_backward, 1},
            {"softmax", flat_softmax, 1},
            {"softmax backward", flat_softmax_backward, 1},
            {"log_softmax", flat_log_softmax, 1},
            {"log_softmax backward", flat_log_softmax_backward, 1},
            {"affine", flat_affine, 1},
            {"affine backward", flat_affine_backward, 1},
            {"prelu", flat_prelu, 1},
            {"prelu backward", flat_prelu_backward, 1},
            {"norm", flat_norm_apply, 1},
            {"norm backward", flat_norm_gradient_apply, 1}};
#define FLAT (int)(sizeof flat / sizeof *flat)

static float *run_flat(flat_function *run, struct size s, int64_t out)
{
    float *x = values(s, 1, 3), *dy = values(s, 2, 1), *y = exact_vector(size_floats(s) / out, 0);
    run(s, x, dy, y);
    free(x), free(dy);
    return y;
}

/* With sanitizers GCC contracts the two products that vec_log adds in another order where columns are many. */
static bool flat_is_exact(int index)
{
#ifdef __SANITIZE_ADDRESS__
    return flat[index].run != flat_log_softmax;
#else
    (void)index;
    return true;
#endif
}

static void check_sample(int index)
{
    for (int i = 0; i < SIZES; i++) {
        struct size s = {sizes[i].channels, sizes[i].positions, ALL};
        int64_t out = flat[index].out, features = s.channels / out * s.positions;
        float *all = run_flat(flat[index].run, s, out);
        for (int c = 0; c < SAMPLE_COUNTS; c++) {
            s.lanes = sample_counts[c];
            float *have = run_flat(flat[index].run, s, out);
            CHECK(same_lanes(have, s.lanes, all, ALL, features) || !flat_is_exact(index));
            free(have);
        }
        free(all);
    }
}

/* Activations of every number of elements: the same bits as in a longer array. */
static void test_activation_counts(void)
{
    float *x = vector(80, 1), *dy = vector(80, 2), *y = vector(80, 0), *dx = vector(80, 0);
    for (int kind = ACTIVATION_SIGMOID; kind <= ACTIVATION_THRESHOLD; kind++) {
        struct activation f = {(enum activation_kind)kind, 0.5f, 1.5f};
        kernels->activation_forward(&f, 80, x, y);
        kernels->activation_backward(&f, 80, x, dy, dx);
        for (int64_t count = 1; count < 40; count++) {
            float *a = exact_vector(count, 0), *b = exact_vector(count, 0), *c = exact_vector(count, 0);
            memcpy(a, x, (size_t)count * sizeof *a);
            memcpy(b, dy, (size_t)count * sizeof *b);
            kernels->activation_forward(&f, count, a, c);
            CHECK(same(c, y, count));
            kernels->activation_backward(&f, count, a, b, c);
            CHECK(same(c, dx, count));
            free(a), free(b), free(c);
        }
    }
    mem_free(&x), mem_free(&dy), mem_free(&y), mem_free(&dx);
}

/* The order of sum_rows: 16 floats at a time, in turn to four sets of 16 accumulators. */
static float sum_in_order(const float *x, int64_t count)
{
    float total[4][16] = {{0}}, v[16];
    for (int64_t i = 0; i < count; i++) total[i / 16 & 3][i % 16] += x[i];
    for (int i = 0; i < 16; i++) v[i] = (total[0][i] + total[2][i]) + (total[1][i] + total[3][i]);
    for (int half = 8; half; half /= 2)
        for (int i = 0; i < half; i++) v[i] += v[i + half];
    return v[0];
}

/* Sums of n terms go through 16 or more accumulators. */
static double bound(int64_t n, double size)
{
    return FLOAT_EPSILON * ((double)n / 16 + 8) * size;
}

static void check_sums(struct size s)
{
    int64_t row = s.positions * s.lanes;
    struct rows rows = flat_rows(s);
    struct channel_norm n = {s.channels, s.positions, s.lanes, 1};
    struct channel_map maps[34] = {{0}};
    float *x = values(s, 1, 3), *dy = values(s, 2, 1);
    float sums[34], dweight[34], dbias[34], slopes[34];
    double of_x[68], of_dy[68];
    kernels->sum_rows(s.channels, s.positions, s.lanes, 1, x, sums);
    kernels->affine_backward(&rows, weight, x, dy, NULL, dweight, dbias);
    kernels->prelu_backward(&rows, weight, x, dy, NULL, slopes);
    kernels->norm_sums(&n, x, of_x);
    kernels->norm_gradient_sums(&n, maps, x, dy, of_dy);
    for (int64_t c = 0; c < s.channels; c++) {
        double sum = 0, square = 0, of_dx = 0, product = 0, below = 0, size = 0;
        for (int64_t i = c * row; i < (c + 1) * row; i++) {
            double a = (double)x[i], b = (double)dy[i];
            sum += a, square += a * a, of_dx += b, product += a * b;
            below += a > 0 ? 0 : a * b;
            size += fabs(a * b) + fabs(a) + fabs(b);
        }
        CHECK(sums[c] == sum_in_order(x + c * row, row));
        CHECK_NEAR(sums[c], sum, bound(row, size));
        CHECK_NEAR(dweight[c], product, bound(row, size));
        CHECK_NEAR(dbias[c], of_dx, bound(row, size));
        CHECK_NEAR(slopes[c], below, bound(row, size));
        CHECK_NEAR(of_x[2 * c], sum, 1e-14 * size);
        CHECK_NEAR(of_x[2 * c + 1], square, 3e-14 * size);
        CHECK_NEAR(of_dy[2 * c], of_dx, 1e-14 * size);
        CHECK_NEAR(of_dy[2 * c + 1], product, 1e-14 * size);
    }
    free(x), free(dy);
}

static void test_sums(void)
{
    for (int i = 0; i < SIZES; i++)
        for (int c = 0; c < SAMPLE_COUNTS; c++)
            check_sums((struct size){sizes[i].channels, sizes[i].positions, sample_counts[c]});
}

/* A slice without samples: one lane of zeros, which counts nothing. */
static void test_empty_slice(void)
{
    static const int64_t live = 0;
    struct size s = {3, 7, 1};
    struct channel_norm n = {3, 7, 1, 1, .live = &live};
    struct channel_map maps[34];
    struct channel_slope slopes[34];
    float *x = values(s, 1, 3), *y = values(s, 2, 1);
    double sums[6];
    flat_maps(maps, slopes);
    kernels->norm_sums(&n, x, sums);
    for (int i = 0; i < 6; i++) CHECK(sums[i] == 0);
    kernels->norm_gradient_apply(&n, maps, slopes, x, y, y);
    for (int i = 0; i < 21; i++) CHECK(y[i] == 0);
    free(x), free(y);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    for (int i = 0; i < LEVEL_NAMES; i++) {
        if (select_kernels(level_names[i]) != STATUS_OK) continue;
        for (int k = 0; k < FLAT; k++) CHECK_CASE_OF(flat[k].name, check_sample(k));
        CHECK_CASE(test_activation_counts());
        CHECK_CASE(test_sums());
        CHECK_CASE(test_empty_slice());
    }
    CHECK(mem_alive() == 0);
    return check_result();
}
