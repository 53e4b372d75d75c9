/* init.c - the kinds of initial values. */
#include "nn/init/init.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/rng.h"

#define LIMIT 1e6

static const char *const modes[] = {"fan_in", "fan_out", NULL};
static const char *const nonlinearities[] = {"leaky_relu", "relu", "selu", "tanh", "sigmoid", "linear", NULL};

enum { MODE, NONLINEARITY, SLOPE };
static const struct arg kaiming_args[] = {
    {.name = "mode",
     .kind = ARG_CHOICE,
     .choices = modes,
     .help = "keep the variance of the outputs (fan_in) or of the gradients (fan_out)"},
    {.name = "nonlinearity", .kind = ARG_CHOICE, .choices = nonlinearities, .help = "what follows the layer"},
    {.name = "a", .kind = ARG_REAL, .min = 0, .max = LIMIT, .help = "slope of leaky_relu", .alias = "slope"},
    ARG_END,
};

static const struct arg gain_args[] = {
    {.name = "gain",
     .kind = ARG_REAL,
     .default_value = 1,
     .min = -LIMIT,
     .max = LIMIT,
     .help = "factor of the values"},
    ARG_END,
};

enum { STD, MEAN };
static const struct arg normal_args[] = {
    {.name = "std",
     .kind = ARG_REAL,
     .default_value = 1,
     .min = 0,
     .max = LIMIT,
     .help = "standard deviation"},
    {.name = "mean", .kind = ARG_REAL, .min = -LIMIT, .max = LIMIT, .help = "mean"},
    ARG_END,
};

enum { LOW, HIGH };
static const struct arg uniform_args[] = {
    {.name = "low",
     .kind = ARG_REAL,
     .default_value = ARG_REQUIRED,
     .min = -LIMIT,
     .max = LIMIT,
     .help = "smallest value",
     .alias = "a"},
    {.name = "high",
     .kind = ARG_REAL,
     .default_value = ARG_REQUIRED,
     .min = -LIMIT,
     .max = LIMIT,
     .help = "largest value",
     .alias = "b"},
    ARG_END,
};

static const struct arg constant_args[] = {
    {.name = "value",
     .kind = ARG_REAL,
     .default_value = ARG_REQUIRED,
     .min = -LIMIT,
     .max = LIMIT,
     .help = "the value",
     .alias = "val"},
    ARG_END,
};

static int64_t init_count(const struct init_tensor *t)
{
    int64_t count = 1;
    for (int d = 0; d < t->rank; d++) count *= t->dims[d];
    return count;
}

/* Calls number(self, word) for a word of its own for every element. */
static void init_fill(const struct init_tensor *t, float (*number)(const double *self, uint32_t word),
                      const double *self, float *values)
{
    int64_t count = init_count(t);
    for (int64_t e = 0; e < count; e += 4) {
        struct rng_words words = rng_words(t->seed, RNG_INIT, t->number, (uint64_t)e / 4);
        for (int64_t w = 0; w < 4 && e + w < count; w++) values[e + w] = number(self, words.v[w]);
    }
}

void init_fill_default(const struct init_tensor *t, float center, float bound, float *values)
{
    int64_t count = init_count(t);
    for (int64_t e = 0; e < count; e += 4) {
        struct rng_words words = rng_words(t->seed, RNG_INIT, t->number, (uint64_t)e / 4);
        for (int64_t w = 0; w < 4 && e + w < count; w++)
            values[e + w] = center + bound * (2 * rng_unit(words.v[w]) - 1);
    }
}

/* args: standard deviation and mean */
static float init_get_normal(const double *args, uint32_t word)
{
    return (float)(args[MEAN] + args[STD] * rng_normal(word));
}

static float init_get_uniform(const double *args, uint32_t word)
{
    return (float)(args[LOW] + (args[HIGH] - args[LOW]) * rng_unit(word));
}

static void init_fill_normal(const double *args, const struct init_tensor *t, float *values)
{
    init_fill(t, init_get_normal, args, values);
}

static void init_fill_uniform(const double *args, const struct init_tensor *t, float *values)
{
    init_fill(t, init_get_uniform, args, values);
}

/* Uniform numbers with a standard deviation. */
static void init_fill_around_zero(double std, const struct init_tensor *t, float *values)
{
    double bound = sqrt(3) * std;
    init_fill_uniform((const double[]){[LOW] = -bound, [HIGH] = bound}, t, values);
}

/* As torch.nn.init._calculate_fan_in_and_fan_out: inputs and outputs of a tensor [out][in][window...]. */
static double init_fan(const struct init_tensor *t, bool out)
{
    double fan = (double)t->dims[out ? 0 : 1];
    for (int d = 2; d < t->rank; d++) fan *= (double)t->dims[d];
    return fan;
}

/* The standard deviation of He et al., "Delving deep into rectifiers", 2015, with the gains of
 * torch.nn.init.calculate_gain. */
static double init_get_kaiming_std(const double *args, const struct init_tensor *t)
{
    const double gains[] = {sqrt(2 / (1 + args[SLOPE] * args[SLOPE])), sqrt(2), 0.75, 5.0 / 3, 1, 1};
    return gains[(int)args[NONLINEARITY]] / sqrt(init_fan(t, args[MODE] != 0));
}

static void init_fill_kaiming_normal(const double *args, const struct init_tensor *t, float *values)
{
    init_fill_normal((const double[]){[STD] = init_get_kaiming_std(args, t), [MEAN] = 0}, t, values);
}

static void init_fill_kaiming_uniform(const double *args, const struct init_tensor *t, float *values)
{
    init_fill_around_zero(init_get_kaiming_std(args, t), t, values);
}

/* The standard deviation of Glorot and Bengio, "Understanding the difficulty of training deep feedforward
 * neural networks", 2010. */
static double init_get_xavier_std(const double *args, const struct init_tensor *t)
{
    return args[0] * sqrt(2 / (init_fan(t, false) + init_fan(t, true)));
}

static void init_fill_xavier_normal(const double *args, const struct init_tensor *t, float *values)
{
    init_fill_normal((const double[]){[STD] = init_get_xavier_std(args, t), [MEAN] = 0}, t, values);
}

static void init_fill_xavier_uniform(const double *args, const struct init_tensor *t, float *values)
{
    init_fill_around_zero(init_get_xavier_std(args, t), t, values);
}

static void init_fill_orthogonal(const double *args, const struct init_tensor *t, float *values)
{
    init_fill_normal((const double[]){[STD] = 1, [MEAN] = 0}, t, values);
    orthogonal_make(t->dims[0], init_count(t) / t->dims[0], args[0], values);
}

static void init_fill_constant(const double *args, const struct init_tensor *t, float *values)
{
    int64_t count = init_count(t);
    for (int64_t e = 0; e < count; e++) values[e] = (float)args[0];
}

static void init_fill_zeros(const double *args, const struct init_tensor *t, float *values)
{
    (void)args;
    init_fill_constant((const double[]){0}, t, values);
}

static void init_fill_ones(const double *args, const struct init_tensor *t, float *values)
{
    (void)args;
    init_fill_constant((const double[]){1}, t, values);
}

/* clang-format off */
static const struct init_ops kinds[] = {
    {"default", "what PyTorch does: uniform in +-1 / sqrt(fan_in) for convolutions and linear layers", NULL, 0, NULL},
    {"kaiming_normal", "normal with standard deviation gain / sqrt(fan)", kaiming_args, 2, init_fill_kaiming_normal},
    {"kaiming_uniform", "uniform with that standard deviation", kaiming_args, 2, init_fill_kaiming_uniform},
    {"xavier_normal", "normal with standard deviation gain * sqrt(2 / (fan_in + fan_out))", gain_args, 2, init_fill_xavier_normal},
    {"xavier_uniform", "uniform with that standard deviation", gain_args, 2, init_fill_xavier_uniform},
    {"orthogonal", "orthonormal rows, or columns if there are fewer, times gain; slow for large layers", gain_args, 2, init_fill_orthogonal},
    {"normal", "normal numbers", normal_args, 0, init_fill_normal},
    {"uniform", "uniform numbers", uniform_args, 0, init_fill_uniform},
    {"constant", "one value", constant_args, 0, init_fill_constant},
    {"zeros", "0", NULL, 0, init_fill_zeros},
    {"ones", "1", NULL, 0, init_fill_ones},
};
/* clang-format on */

#define KINDS (sizeof kinds / sizeof *kinds)

const struct init_ops *init_at(int index)
{
    return index < (int)KINDS ? &kinds[index] : NULL;
}

const struct init_ops *init_find(const char *name)
{
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0) return &kinds[i];
    return NULL;
}
