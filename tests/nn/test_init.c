/* test_init.c - initial values: the moments and bounds of torch.nn.init, orthonormal vectors, and which tensors
 * of a model get them. */
#include <string.h>

#include "check.h"
#include "core/mem.h"
#include "kernels.h"
#include "nn/init/init.h"
#include "spec.h"

#define MAX_COUNT 40000

static float values[MAX_COUNT];

static struct init choose(const char *name, double first, double second, double third)
{
    return (struct init){init_find(name), {first, second, third}};
}

static int64_t fill(struct init init, int rank, const int64_t *dims, uint64_t number)
{
    struct init_tensor t = {rank, dims, 1, number};
    int64_t count = 1;
    for (int d = 0; d < rank; d++) count *= dims[d];
    init.ops->fill(init.args, &t, values);
    return count;
}

/* Mean and deviation within five standard errors (of a uniform distribution at most those of a normal one);
 * a uniform distribution within its bounds, and near them. */
static void has_moments(struct init init, int rank, const int64_t *dims, double mean, double std)
{
    int64_t count = fill(init, rank, dims, 7);
    double sum = 0, squares = 0, max = 0;
    for (int64_t i = 0; i < count; i++) sum += values[i];
    for (int64_t i = 0; i < count; i++) {
        squares += (values[i] - mean) * (values[i] - mean);
        max = fmax(max, fabs(values[i] - mean));
    }
    double error = 5 * std / sqrt((double)count);
    bool good =
        fabs(sum / (double)count - mean) <= error && fabs(sqrt(squares / (double)count) - std) <= error;
    if (strstr(init.ops->name, "uniform"))
        good = good && max <= sqrt(3) * std * (1 + 0x1p-23) && max > sqrt(3) * std * 0.99;
    else
        good = good && max > 3 * std;
    CHECK(good);
    if (!good)
        fprintf(stderr, "  %s: mean %g, not %g; deviation %g, not %g; at most %g\n", init.ops->name,
                sum / (double)count, mean, sqrt(squares / (double)count), std, max);
}

/* The formulas of torch.nn.init, with the fans of its _calculate_fan_in_and_fan_out. */
static void test_moments(void)
{
    static const int64_t linear[] = {150, 70}, conv[] = {40, 31, 3, 5}, vector[] = {5003};
    enum { LEAKY, RELU, SELU, TANH, SIGMOID, LINEAR };
    has_moments(choose("kaiming_normal", 0, LEAKY, 0), 2, linear, 0, sqrt(2) / sqrt(70));
    has_moments(choose("kaiming_normal", 1, RELU, 0.5), 2, linear, 0, sqrt(2) / sqrt(150));
    has_moments(choose("kaiming_normal", 0, LEAKY, 0.5), 4, conv, 0, sqrt(2 / 1.25) / sqrt(31 * 15));
    has_moments(choose("kaiming_uniform", 1, SELU, 0), 4, conv, 0, 0.75 / sqrt(40 * 15));
    has_moments(choose("kaiming_uniform", 0, TANH, 0), 2, linear, 0, 5.0 / 3 / sqrt(70));
    has_moments(choose("kaiming_normal", 0, SIGMOID, 0), 2, linear, 0, 1 / sqrt(70));
    has_moments(choose("kaiming_normal", 0, LINEAR, 0), 2, linear, 0, 1 / sqrt(70));
    has_moments(choose("xavier_normal", 1, 0, 0), 2, linear, 0, sqrt(2.0 / 220));
    has_moments(choose("xavier_uniform", 2, 0, 0), 4, conv, 0, 2 * sqrt(2.0 / (71 * 15)));
    has_moments(choose("normal", 0.02, 3, 0), 1, vector, 3, 0.02);
    has_moments(choose("uniform", -1, 3, 0), 1, vector, 1, 4 / sqrt(12));
}

static void test_constants(void)
{
    static const int64_t dims[] = {3, 5};
    fill(choose("zeros", 0, 0, 0), 2, dims, 0);
    CHECK(values[0] == 0 && values[14] == 0);
    fill(choose("ones", 0, 0, 0), 2, dims, 0);
    CHECK(values[0] == 1 && values[14] == 1);
    fill(choose("constant", 0.1, 0, 0), 2, dims, 0);
    CHECK(values[0] == 0.1f && values[14] == 0.1f);
}

/* Products of the vectors differ from those of an orthonormal set by the rounding of their elements. */
static void check_orthogonal(int64_t rows, int64_t columns, double gain)
{
    const int64_t dims[] = {rows, columns};
    fill(choose("orthogonal", gain, 0, 0), 2, dims, 3);
    int64_t count = rows < columns ? rows : columns, length = rows < columns ? columns : rows;
    int64_t step = rows <= columns ? columns : 1, stride = rows <= columns ? 1 : columns;
    double worst = 0;
    for (int64_t a = 0; a < count; a++)
        for (int64_t b = 0; b <= a; b++) {
            double sum = 0;
            for (int64_t e = 0; e < length; e++)
                sum += (double)values[a * step + e * stride] * (double)values[b * step + e * stride];
            worst = fmax(worst, fabs(sum / (gain * gain) - (a == b)));
        }
    CHECK(worst <= 4 * 0x1p-24 * sqrt((double)length));
}

static void test_orthogonal(void)
{
    check_orthogonal(1, 1, 1);
    check_orthogonal(1, 7, 2);
    check_orthogonal(7, 1, 1);
    check_orthogonal(5, 5, 0.5);
    check_orthogonal(31, 67, 1);
    check_orthogonal(67, 31, 1.5);
    check_orthogonal(97, 97, 1);
    check_orthogonal(150, 150, 1);
}

/* The bits are the same on every machine: a hash (FNV-1a) of what every kind gave when it was written. */
static void test_bits(void)
{
    static const int64_t dims[] = {13, 7, 3};
    static const struct {
        const char *name;
        double args[3];
        uint32_t hash;
    } cases[] = {{"kaiming_normal", {1, 0, 0.1}, 0x8a5764fe}, {"kaiming_uniform", {0, 3, 0}, 0x75f191b9},
                 {"xavier_normal", {1, 0, 0}, 0x3a74cbc6},    {"xavier_uniform", {1, 0, 0}, 0x76b2486d},
                 {"orthogonal", {1, 0, 0}, 0x6bb8ccf9},       {"normal", {0.5, 0.1, 0}, 0x2826ecf7},
                 {"uniform", {-0.3, 0.2, 0}, 0x10cfb3d0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double *a = cases[i].args;
        int64_t count = fill(choose(cases[i].name, a[0], a[1], a[2]), 3, dims, 5);
        uint32_t hash = 2166136261u;
        for (int64_t b = 0; b < 4 * count; b++)
            hash = (hash ^ ((const unsigned char *)values)[b]) * 16777619u;
        CHECK(hash == cases[i].hash);
        if (hash != cases[i].hash) fprintf(stderr, "  %s: 0x%08x\n", cases[i].name, (unsigned)hash);
    }
}

/* conv2d and linear get the model's, but for what they choose themselves; affine does not. */
static void test_model(void)
{
    static struct model_spec spec;
    struct model *m = NULL;
    spec.input = shape_2d(2, 4, 4);
    spec_add(&spec, "conv2d", 3, 3);
    spec_add(&spec, "affine", 0, 0);
    spec_add(&spec, "linear", 5, 0);
    spec_add(&spec, "linear", 4, 0);
    spec.init = choose("constant", 2, 0, 0);
    spec.bias_init = choose("constant", 3, 0, 0);
    spec.layers[1].bias_init = choose("constant", 4, 0, 0);
    spec.layers[2].init = choose("zeros", 0, 0, 0);
    spec.layers[3].init = choose("default", 0, 0, 0);
    CHECK_STATUS(spec_model(&m, &spec, 16, 1), STATUS_OK);
    model_init_params(m, 1, values);
    static const struct {
        int layer, tensor;
        float value;
    } want[] = {{0, 0, 2}, {0, 1, 3}, {1, 0, 1}, {1, 1, 4}, {2, 0, 0}, {2, 1, 3}, {3, 1, 3}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        CHECK(values[model_layer(m, want[i].layer)->tensors[want[i].tensor].offset] == want[i].value);
    float weight = values[model_layer(m, 3)->tensors[0].offset];
    CHECK(weight != 2 && weight != 0 && fabs(weight) < 1 / sqrt(5));
    model_destroy(&m);
}

static void refuse(struct model_spec *spec, const char *message)
{
    struct model *m = NULL;
    CHECK_STATUS(spec_model(&m, spec, 16, 1), STATUS_CONFIG);
    CHECK(strcmp(status_text(), message) == 0);
}

static void test_errors(void)
{
    static struct model_spec spec;
    spec.input = shape_2d(2, 4, 4);
    spec_add(&spec, "affine", 0, 0);
    spec_add(&spec, "relu", 0, 0);
    spec.layers[0].init = choose("kaiming_normal", 0, 0, 0);
    refuse(&spec,
           "model.layers[0] (affine): kaiming_normal needs a tensor of at least 2 axes, but its weight "
           "has 1");
    spec.layers[0].init.ops = NULL;
    spec.layers[1].bias_init = choose("ones", 0, 0, 0);
    refuse(&spec, "model.layers[1] (relu): has no bias to initialise with ones");
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    CHECK_CASE(test_moments());
    CHECK_CASE(test_constants());
    CHECK_CASE(test_orthogonal());
    CHECK_CASE(test_bits());
    CHECK_CASE(test_model());
    CHECK_CASE(test_errors());
    CHECK(mem_alive() == 0);
    return check_result();
}
