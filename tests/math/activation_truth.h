/* activation_truth.h - the activations and their slopes in double, and how far float32 may be from them. */
#ifndef ACTIVATION_TRUTH_H
#define ACTIVATION_TRUTH_H

#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "math/kernels.h"

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
    bool has_two_slopes; /* and no others, also for NaN, as in PyTorch */
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

static double selu(const struct activation *f, double x)
{
    (void)f;
    return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * expm1(x));
}

static double selu_slope(const struct activation *f, double y)
{
    (void)f;
    return y > 0 ? 1.0507009873554805 : y + 1.0507009873554805 * 1.6732632423543772;
}

/* The constant is rounded. */
static double selu_slope_size(const struct activation *f, double y)
{
    (void)f;
    return y > 0 ? 1 : fabs(y) + 1.0507009873554805 * 1.6732632423543772;
}

static double celu(const struct activation *f, double x)
{
    return x > 0 ? x : (double)f->a * expm1(x / (double)f->a);
}

/* The quotient is rounded, and the exponential magnifies that. */
static double celu_size(const struct activation *f, double x)
{
    double z = x / (double)f->a;
    return x > 0 ? x : (double)f->a * (fabs(expm1(z)) + fabs(z) * exp(z));
}

static double celu_slope(const struct activation *f, double y)
{
    return y > 0 ? 1 : y / (double)f->a + 1;
}

static double clamp(const struct activation *f, double x)
{
    return fmin(fmax(x, (double)f->a), (double)f->b);
}

static double clamp_slope(const struct activation *f, double y)
{
    return y > (double)f->a && y < (double)f->b;
}

static double hardsigmoid(const struct activation *f, double x)
{
    (void)f;
    return fmin(fmax(x + 3, 0), 6) / 6;
}

/* The sum is rounded. */
static double hardsigmoid_size(const struct activation *f, double x)
{
    (void)f;
    return x > -3 && x < 3 ? 1 : hardsigmoid(f, x);
}

static double hardsigmoid_slope(const struct activation *f, double y)
{
    (void)f;
    return y > 0 && y < 1 ? 1.0 / 6 : 0;
}

static double scale(const struct activation *f, double x)
{
    return (double)f->a * x;
}

static double scale_slope(const struct activation *f, double y)
{
    (void)y;
    return (double)f->a;
}

/* tanh(log(1 + e^x)), and 1 less that. */
static double mish_gate(double x)
{
    double e = exp(-fabs(x));
    return x < 0 ? e * (e + 2) / (e * (e + 2) + 2) : (1 + 2 * e) / (1 + 2 * e + 2 * e * e);
}

static double mish_rest(double x)
{
    double e = exp(-fabs(x));
    return x < 0 ? 2 / (e * (e + 2) + 2) : 2 * e * e / (1 + 2 * e + 2 * e * e);
}

static double mish(const struct activation *f, double x)
{
    (void)f;
    return x * mish_gate(x);
}

static double mish_size(const struct activation *f, double x)
{
    (void)f;
    return x * fmax(mish_gate(x), (double)FLT_MIN);
}

static double mish_slope(const struct activation *f, double x)
{
    return mish_gate(x) + x * sigmoid(f, x) * mish_rest(x) * (1 + mish_gate(x));
}

static double mish_slope_size(const struct activation *f, double x)
{
    double gate = fmax(mish_gate(x), (double)FLT_MIN), share = fmax(sigmoid(f, x), (double)FLT_MIN);
    return gate + fabs(x) * share * mish_rest(x) * (1 + gate);
}

static double softsign(const struct activation *f, double x)
{
    (void)f;
    return x / (1 + fabs(x));
}

static double softsign_slope(const struct activation *f, double x)
{
    (void)f;
    return 1 / ((1 + fabs(x)) * (1 + fabs(x)));
}

static double logsigmoid(const struct activation *f, double x)
{
    (void)f;
    return fmin(x, 0) - log1p(exp(-fabs(x)));
}

static double logsigmoid_slope(const struct activation *f, double x)
{
    return sigmoid(f, -x);
}

static double hardswish(const struct activation *f, double x)
{
    return x * hardsigmoid(f, x);
}

static double hardswish_size(const struct activation *f, double x)
{
    return x * hardsigmoid_size(f, x);
}

static double hardswish_slope(const struct activation *f, double x)
{
    (void)f;
    return x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5;
}

static double hardswish_slope_size(const struct activation *f, double x)
{
    (void)f;
    return x <= -3 ? 0 : x >= 3 ? 1 : fabs(x) / 3 + 0.5;
}

static double threshold(const struct activation *f, double x)
{
    return x > (double)f->a ? x : (double)f->b;
}

static double threshold_slope(const struct activation *f, double x)
{
    return x > (double)f->a;
}

#endif
