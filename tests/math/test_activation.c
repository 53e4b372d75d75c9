/* test_activation.c - activations against their definitions in double.
 *
 * Values and slopes over the range where they change and far beyond it; zeros, NaN and large numbers; in
 * place or not; and every level with fused multiply-add against the others bit by bit. */
#include <float.h>

#include "kernels.h"
#include "vectors.h"

/* One kind with its definition. `kept` is what backward gets, rounded to float32. The error of a result is
 * given in units in the last place of `*_size`, which is its magnitude times what the rounding of an argument
 * is magnified by, or the sum of magnitudes where terms cancel; a factor in them has no more digits than
 * float32 has at its size. */
struct kind {
    const char *name;
    struct activation f;
    bool keeps_output;
    double (*value)(const struct activation *f, double x);
    double (*value_size)(const struct activation *f, double x); /* NULL: the value */
    double value_bound;
    double (*slope)(const struct activation *f, double kept);
    double (*slope_size)(const struct activation *f, double kept); /* NULL: the slope */
    double slope_bound;
};

static double sigmoid(const struct activation *f, double x)
{
    (void)f;
    return 1 / (1 + exp(-x));
}

static double sigmoid_slope(const struct activation *f, double y)
{
    (void)f;
    return y * (1 - y);
}

static double tangent(const struct activation *f, double x)
{
    (void)f;
    return tanh(x);
}

static double tangent_slope(const struct activation *f, double y)
{
    (void)f;
    return 1 - y * y;
}

/* Before version 3 the square is rounded. */
static double tangent_slope_size(const struct activation *f, double y)
{
    (void)f;
    return 1 + y * y;
}

static double leaky(const struct activation *f, double x)
{
    return x > 0 ? x : x * (double)f->a;
}

static double leaky_slope(const struct activation *f, double y)
{
    return y > 0 ? 1 : (double)f->a;
}

static double elu(const struct activation *f, double x)
{
    return x > 0 ? x : (double)f->a * expm1(x);
}

static double elu_slope(const struct activation *f, double y)
{
    return y > 0 ? 1 : y + (double)f->a;
}

static double below(double x)
{
    return 0.5 * erfc(-x / sqrt(2));
}

static double density(double x)
{
    return exp(-x * x / 2) / sqrt(2 * acos(-1));
}

static double gelu(const struct activation *f, double x)
{
    (void)f;
    return x * below(x);
}

static double gelu_slope(const struct activation *f, double x)
{
    (void)f;
    return below(x) + x * density(x);
}

static double gelu_slope_size(const struct activation *f, double x)
{
    (void)f;
    return below(x) + fabs(x) * fmax(density(x), (double)FLT_MIN);
}

/* The argument of gelu_tanh's sigmoid, and the derivative of that. */
static double inner(double x)
{
    return 2 * sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x);
}

static double inner_slope(double x)
{
    return 2 * sqrt(2 / acos(-1)) * (1 + 3 * 0.044715 * x * x);
}

static double gelu_tanh(const struct activation *f, double x)
{
    return x * sigmoid(f, inner(x));
}

static double gelu_tanh_size(const struct activation *f, double x)
{
    double s = fmax(sigmoid(f, inner(x)), (double)FLT_MIN);
    return x * s * (1 + fabs(inner(x)) * sigmoid(f, -inner(x)));
}

static double gelu_tanh_slope(const struct activation *f, double x)
{
    double s = sigmoid(f, inner(x)), rest = sigmoid(f, -inner(x));
    return s + (rest > 0 ? x * s * rest * inner_slope(x) : 0);
}

static double gelu_tanh_slope_size(const struct activation *f, double x)
{
    double s = fmax(sigmoid(f, inner(x)), (double)FLT_MIN), rest = sigmoid(f, -inner(x));
    return rest > 0 ? (s + fabs(x) * s * rest * inner_slope(x)) * (1 + fabs(inner(x)) * rest) : s;
}

static double silu(const struct activation *f, double x)
{
    return x * sigmoid(f, x);
}

/* Of gelu and silu: a share of x. */
static double gelu_size(const struct activation *f, double x)
{
    (void)f;
    return x * fmax(below(x), (double)FLT_MIN);
}

static double silu_size(const struct activation *f, double x)
{
    return x * fmax(sigmoid(f, x), (double)FLT_MIN);
}

static double silu_slope(const struct activation *f, double x)
{
    return sigmoid(f, x) * (1 + x * sigmoid(f, -x));
}

static double silu_slope_size(const struct activation *f, double x)
{
    return fmax(sigmoid(f, x), (double)FLT_MIN) * (1 + fabs(x) * sigmoid(f, -x));
}

static double softplus(const struct activation *f, double x)
{
    double z = x * (double)f->a;
    return z > (double)f->b ? x : (fmax(z, 0) + log1p(exp(-fabs(z)))) / (double)f->a;
}

static double softplus_slope(const struct activation *f, double x)
{
    double z = x * (double)f->a;
    return z > (double)f->b ? 1 : sigmoid(f, z);
}

static const struct kind kinds[] = {
    {"sigmoid", {ACTIVATION_SIGMOID, 0, 0}, true, sigmoid, NULL, 2.2, sigmoid_slope, NULL, 2},
    {"tanh", {ACTIVATION_TANH, 0, 0}, true, tangent, NULL, 2.6, tangent_slope, tangent_slope_size, 2},
    {"leaky_relu", {ACTIVATION_LEAKY_RELU, 0.01f, 0}, true, leaky, NULL, 0.5, leaky_slope, NULL, 1},
    {"leaky_relu 0", {ACTIVATION_LEAKY_RELU, 0, 0}, true, leaky, NULL, 0.5, leaky_slope, NULL, 1},
    {"elu", {ACTIVATION_ELU, 1, 0}, true, elu, NULL, 2, elu_slope, NULL, 1},
    {"elu 1.7", {ACTIVATION_ELU, 1.7f, 0}, true, elu, NULL, 3, elu_slope, NULL, 2},
    {"gelu", {ACTIVATION_GELU, 0, 0}, false, gelu, gelu_size, 5, gelu_slope, gelu_slope_size, 5},
    {"gelu tanh",
     {ACTIVATION_GELU_TANH, 0, 0},
     false,
     gelu_tanh,
     gelu_tanh_size,
     3,
     gelu_tanh_slope,
     gelu_tanh_slope_size,
     3},
    {"silu", {ACTIVATION_SILU, 0, 0}, false, silu, silu_size, 4, silu_slope, silu_slope_size, 4},
    {"softplus", {ACTIVATION_SOFTPLUS, 1, 20}, false, softplus, NULL, 4, softplus_slope, NULL, 4},
    {"softplus 2 5", {ACTIVATION_SOFTPLUS, 2, 5}, false, softplus, NULL, 4, softplus_slope, NULL, 4},
};
#define KINDS (int)(sizeof kinds / sizeof kinds[0])

/* -20 to 20 and -120 to 120 on grids that hit 0, all powers of two from 2^-140 to 2^20, of both signs. */
#define GRID   20001
#define POWERS 161
#define COUNT  (int64_t)((2 * GRID + 2 * POWERS + 15) / 16 * 16)

static float *inputs(void)
{
    float *x = vector(COUNT, 0);
    for (int64_t i = 0; i < GRID; i++) {
        x[i] = (float)(i - GRID / 2) * 0.002f;
        x[GRID + i] = (float)(i - GRID / 2) * 0.012f;
    }
    for (int64_t i = 0; i < POWERS; i++) {
        x[2 * GRID + i] = ldexpf(1, (int)i - 140);
        x[2 * GRID + POWERS + i] = -x[2 * GRID + i];
    }
    return x;
}

/* Distance of two neighbouring float32 at `value`. */
static double spacing(double value)
{
    int exponent;
    frexp(value, &exponent);
    return ldexp(1, (exponent < -125 ? -125 : exponent) - 24);
}

static double units(double have, double truth, double size)
{
    return isfinite(have) ? fabs(have - truth) / spacing(size) : INFINITY;
}

static void check_kind(const struct kind *k)
{
    float *x = inputs(), *y = vector(COUNT, 0), *dy = vector(COUNT, 0), *dx = vector(COUNT, 0);
    double value_worst = 0, slope_worst = 0;
    for (int64_t i = 0; i < COUNT; i++) dy[i] = i % 2 ? -2 : 1; /* a power of two: no rounding of its own */
    kernels->activation_forward(&k->f, COUNT, x, y);
    const float *kept = k->keeps_output ? y : x;
    kernels->activation_backward(&k->f, COUNT, kept, dy, dx);
    for (int64_t i = 0; i < COUNT; i++) {
        double value = k->value(&k->f, (double)x[i]), slope = k->slope(&k->f, (double)kept[i]);
        double value_size = k->value_size ? k->value_size(&k->f, (double)x[i]) : value;
        double slope_size = k->slope_size ? k->slope_size(&k->f, (double)kept[i]) : slope;
        value_worst = fmax(value_worst, units((double)y[i], value, value_size));
        slope_worst = fmax(slope_worst, units((double)dx[i] / (double)dy[i], slope, slope_size));
    }
    fprintf(stderr, "%s %s: value %.2f, slope %.2f\n", kernels->level, k->name, value_worst, slope_worst);
    CHECK_NEAR(value_worst, 0, k->value_bound);
    CHECK_NEAR(slope_worst, 0, k->slope_bound);
    mem_free(&x), mem_free(&y), mem_free(&dy), mem_free(&dx);
}

/* Numbers of any size give neither NaN nor infinity, NaN stays NaN, no gradient in gives none out, as in dead
 * lanes. */
static void check_extremes(const struct kind *k)
{
    static const float large[16] = {1e4f,  -1e4f,  1e38f, -1e38f, 89, -89,   104,    -104,
                                    14.5f, -14.5f, 12,    -12,    0,  -0.0f, 1e-45f, -1e-45f};
    float *x = vector(16, 0), *y = vector(16, 0), *dy = vector(16, 0), *dx = vector(16, 0);
    memcpy(x, large, sizeof large);
    for (int i = 0; i < 16; i++) dy[i] = 1;
    kernels->activation_forward(&k->f, 16, x, y);
    kernels->activation_backward(&k->f, 16, k->keeps_output ? y : x, dy, dx);
    for (int i = 0; i < 16; i++) CHECK(isfinite(y[i]) && isfinite(dx[i]));
    CHECK(fabsf(dx[0]) <= 1 && fabsf(dx[2]) <= 1);
    for (int i = 0; i < 16; i++) dy[i] = 0;
    kernels->activation_backward(&k->f, 16, k->keeps_output ? y : x, dy, dx);
    for (int i = 0; i < 16; i++) CHECK(dx[i] == 0);
    x[5] = NAN, x[6] = -NAN;
    for (int i = 0; i < 16; i++) dy[i] = 1;
    kernels->activation_forward(&k->f, 16, x, y);
    kernels->activation_backward(&k->f, 16, k->keeps_output ? y : x, dy, dx);
    for (int i = 0; i < 16; i++) CHECK(isnan(y[i]) == (i == 5 || i == 6));
    if (k->f.kind != ACTIVATION_LEAKY_RELU)
        CHECK(isnan(dx[5]) && isnan(dx[6])); /* two slopes, as in PyTorch */
    mem_free(&x), mem_free(&y), mem_free(&dy), mem_free(&dx);
}

static void check_in_place(const struct kind *k)
{
    float *x = inputs(), *y = vector(COUNT, 0), *dy = vector(COUNT, 3), *dx = vector(COUNT, 0);
    kernels->activation_forward(&k->f, COUNT, x, y);
    kernels->activation_backward(&k->f, COUNT, y, dy, dx);
    kernels->activation_forward(&k->f, COUNT, x, x);
    CHECK(same(x, y, COUNT));
    kernels->activation_backward(&k->f, COUNT, y, dy, dy);
    CHECK(same(dx, dy, COUNT));
    mem_free(&x), mem_free(&y), mem_free(&dy), mem_free(&dx);
}

/* All results one after another. */
static void run_all(float *out)
{
    float *x = inputs(), *dy = vector(COUNT, 4);
    for (int k = 0; k < KINDS; k++, out += 2 * COUNT) {
        kernels->activation_forward(&kinds[k].f, COUNT, x, out);
        kernels->activation_backward(&kinds[k].f, COUNT, kinds[k].keeps_output ? out : x, dy, out + COUNT);
    }
    mem_free(&x), mem_free(&dy);
}

/* v2 has no fused multiply-add and is left out. */
static void test_levels_agree(void)
{
    if (select_kernels("v4") != STATUS_OK) return;
    float *first = vector(2 * KINDS * COUNT, 0), *other = vector(2 * KINDS * COUNT, 0);
    run_all(first);
    CHECK_STATUS(select_kernels("v3"), STATUS_OK);
    run_all(other);
    CHECK(same(first, other, 2 * KINDS * COUNT));
    mem_free(&first), mem_free(&other);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_levels_agree());
    for (int i = 0; i < LEVEL_NAMES; i++) {
        if (select_kernels(level_names[i]) != STATUS_OK) continue;
        for (int k = 0; k < KINDS; k++) {
            CHECK_CASE_OF(kinds[k].name, check_kind(&kinds[k]));
            CHECK_CASE_OF(kinds[k].name, check_extremes(&kinds[k]));
            CHECK_CASE_OF(kinds[k].name, check_in_place(&kinds[k]));
        }
    }
    CHECK(mem_alive() == 0);
    return check_result();
}
