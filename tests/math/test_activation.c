/* test_activation.c - activations against their definitions in double.
 *
 * Values and slopes over the range where they change and far beyond it; zeros, NaN and large numbers; in
 * place or not; and every level with fused multiply-add against the others bit by bit. */
#include "activation_truth.h"
#include "kernels.h"
#include "vectors.h"

static const struct kind kinds[] = {
    {"sigmoid", {ACTIVATION_SIGMOID, 0, 0}, true, sigmoid, NULL, 2.2, sigmoid_slope, NULL, 2},
    {"tanh", {ACTIVATION_TANH, 0, 0}, true, tangent, NULL, 2.6, tangent_slope, tangent_slope_size, 2},
    {"leaky_relu", {ACTIVATION_LEAKY_RELU, 0.01f, 0}, true, leaky, NULL, 0.5, leaky_slope, NULL, 1, true},
    {"leaky_relu 0", {ACTIVATION_LEAKY_RELU, 0, 0}, true, leaky, NULL, 0.5, leaky_slope, NULL, 1, true},
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
    {"selu", {ACTIVATION_SELU, 0, 0}, true, selu, NULL, 3, selu_slope, selu_slope_size, 2},
    {"celu", {ACTIVATION_CELU, 1, 0}, true, celu, NULL, 2, celu_slope, NULL, 1},
    {"celu 1.7", {ACTIVATION_CELU, 1.7f, 0}, true, celu, celu_size, 4, celu_slope, NULL, 2},
    {"relu6", {ACTIVATION_CLAMP, 0, 6}, true, clamp, NULL, 0, clamp_slope, NULL, 0, true},
    {"hardsigmoid",
     {ACTIVATION_HARDSIGMOID, 0, 0},
     true,
     hardsigmoid,
     hardsigmoid_size,
     1,
     hardsigmoid_slope,
     NULL,
     1,
     true},
    {"scale 1.2", {ACTIVATION_SCALE, 1.2f, 0}, true, scale, NULL, 0.5, scale_slope, NULL, 1, true},
    {"mish", {ACTIVATION_MISH, 0, 0}, false, mish, mish_size, 5, mish_slope, mish_slope_size, 6},
    {"softsign", {ACTIVATION_SOFTSIGN, 0, 0}, false, softsign, NULL, 2, softsign_slope, NULL, 4},
    {"logsigmoid", {ACTIVATION_LOGSIGMOID, 0, 0}, false, logsigmoid, NULL, 4, logsigmoid_slope, NULL, 4},
    {"hardswish",
     {ACTIVATION_HARDSWISH, 0, 0},
     false,
     hardswish,
     hardswish_size,
     3,
     hardswish_slope,
     hardswish_slope_size,
     2},
    {"threshold",
     {ACTIVATION_THRESHOLD, 0.1f, -2},
     false,
     threshold,
     NULL,
     0,
     threshold_slope,
     NULL,
     0,
     true},
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
    CHECK(fabsf(dx[0]) <= 1.25f && fabsf(dx[2]) <= 1.25f);
    for (int i = 0; i < 16; i++) dy[i] = 0;
    kernels->activation_backward(&k->f, 16, k->keeps_output ? y : x, dy, dx);
    for (int i = 0; i < 16; i++) CHECK(dx[i] == 0);
    x[5] = NAN, x[6] = -NAN;
    for (int i = 0; i < 16; i++) dy[i] = 1;
    kernels->activation_forward(&k->f, 16, x, y);
    kernels->activation_backward(&k->f, 16, k->keeps_output ? y : x, dy, dx);
    for (int i = 0; i < 16; i++) CHECK(isnan(y[i]) == (i == 5 || i == 6));
    if (!k->has_two_slopes) CHECK(isnan(dx[5]) && isnan(dx[6]));
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
