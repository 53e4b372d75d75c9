/* test_vec_math.c - elementary functions against libm's in double.
 *
 * Numbers of the whole range of float32; infinities, zeros, NaN and arguments outside the domain as C defines
 * them; and every level with fused multiply-add against the others bit by bit.
 *
 * libm's double functions are good to 2^-50 or so, nothing beside 2^-24. */
#include "math/vec_math_probe.h"

#include <float.h>

#include "kernels.h"
#include "vectors.h"

#define PROBE_TABLE(level, prefix) extern vec_math_function *const prefix##level[PROBES];
KERNELS_EACH_LEVEL(PROBE_TABLE, vec_math_probe_)
#undef PROBE_TABLE

#define PROBE_TABLE(level, prefix) {#level, prefix##level},
static const struct {
    const char *name;
    vec_math_function *const *functions;
} levels[] = {KERNELS_EACH_LEVEL(PROBE_TABLE, vec_math_probe_)};
#undef PROBE_TABLE
#define LEVELS (int)(sizeof levels / sizeof levels[0])

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* Bounds in units in the last place; those of vec_math.h, which are measured here. */
static const struct {
    const char *name;
    double (*truth)(double x);
    double bound;
} probes[PROBES] = {
    [PROBE_EXP] = {"exp", exp, 1.2},
    [PROBE_EXPM1] = {"expm1", expm1, 1.6},
    [PROBE_LOG] = {"log", log, 0.9},
    [PROBE_LOG1P] = {"log1p", log1p, 1.5},
    [PROBE_SIGMOID] = {"sigmoid", sigmoid, 2.2},
    [PROBE_TANH] = {"tanh", tanh, 2.6},
};

/* Every STEPth of all bit patterns, hence all exponents and both signs, and what is special. */
#define STEP  2039u
#define BLOCK 1024

static int64_t count_inputs(void)
{
    return (int64_t)(UINT32_MAX / STEP + 1 + BLOCK) / BLOCK * BLOCK;
}

static float *inputs(void)
{
    static const float special[] = {
        0.0f,      -0.0f, 1.0f,          -1.0f,  FLT_MIN, -FLT_MIN,     FLT_TRUE_MIN, FLT_MAX, -FLT_MAX,
        1e4f,      -1e4f, 88.7f,         88.73f, -87.3f,  -87.4f,       -103.9f,      -104.0f, INFINITY,
        -INFINITY, NAN,   -FLT_TRUE_MIN, 0.5f,   2.0f,    -0.99999994f, 16777216.0f,  1e-8f,   -1e-8f};
    int64_t count = count_inputs();
    float *x = vector(count, 0);
    uint32_t bits = 0;
    for (int64_t i = 0; i < count; i++, bits += STEP) memcpy(&x[i], &bits, sizeof bits);
    memcpy(x, special, sizeof special);
    return x;
}

/* Distance of two neighbouring float32 at `value`. */
static double spacing(double value)
{
    int exponent;
    frexp(value, &exponent);
    return ldexp(1, (exponent < -125 ? -125 : exponent) - 24);
}

static void check_accuracy(int level, int probe, const float *x, float *y)
{
    int64_t count = count_inputs(), wrong = 0;
    double worst = 0;
    levels[level].functions[probe](count, x, y);
    for (int64_t i = 0; i < count; i++) {
        double truth = probes[probe].truth((double)x[i]), off = 0;
        if (isnan(truth) || isinf((float)truth))
            wrong += isnan(truth) ? !isnan(y[i]) : (double)y[i] != (double)(float)truth;
        else
            off = isfinite(y[i]) ? fabs((double)y[i] - truth) / spacing(truth) : INFINITY;
        if (isinf(off) && fabs(truth) > (double)FLT_MAX * (1 - 2e-7)) off = 0; /* rounded up to infinity */
        if (off > worst) worst = off;
    }
    fprintf(stderr, "%s %s: %.2f\n", levels[level].name, probes[probe].name, worst);
    CHECK(wrong == 0);
    CHECK_NEAR(worst, 0, probes[probe].bound);
}

static void test_probe(int probe)
{
    int64_t count = count_inputs();
    float *x = inputs(), *first = vector(count, 0), *other = vector(count, 0);
    for (int level = 0; level < LEVELS; level++) {
        if (select_kernels(levels[level].name) != STATUS_OK) continue;
        check_accuracy(level, probe, x, strcmp(levels[level].name, "v3") == 0 ? first : other);
        if (strcmp(levels[level].name, "v4") == 0) CHECK(same(first, other, count)); /* v3 came before */
    }
    mem_free(&x), mem_free(&first), mem_free(&other);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    for (int probe = 0; probe < PROBES; probe++) CHECK_CASE_OF(probes[probe].name, test_probe(probe));
    CHECK(mem_alive() == 0);
    return check_result();
}
