/* activation.c - activation functions and their derivatives, element by element.
 *
 * Errors are at most 5 units in the last place of the result, for value and slope, down to the smallest
 * numbers (tests/math/test_activation.c says what that means where terms cancel). */
#include "math/vec/math.h"

/* The standard normal distribution: its density at x, and the probability of a value below x. */
struct normal {
    vec density, below;
};

/* exp(-x^2 / 2). The square is kept in two parts: the rounding error of a square of 100 would be a hundred
 * times larger in the exponential. At 14.5 the result is 0. */
VEC_INLINE vec activation_gauss(vec size)
{
    vec high = (vec)((vecu)size & 0xfffff000u); /* 12 bits, whose square is exact */
    vec square = -0.5f * (high * high), rest = -0.5f * (size - high) * (size + high);
    struct vec_reduced a = vec_reduce(square);
    veci half = a.n >> 1;
    return vec_exp_reduced(a.r + rest) * vec_power_of_two(half) * vec_power_of_two(a.n - half);
}

/* The tail beyond |x| is exp(-x^2 / 2) times a slowly falling function: a minimax polynomial in (|x| - 4) /
 * (|x| + 4), divided by |x| + 4, with a relative error of 2^-26. So the lower tail keeps all its digits,
 * which 1 + erf loses. */
VEC_INLINE struct normal activation_normal(vec x)
{
    vec size = vec_clamp(vec_abs(x), 0.0f, 14.5f), scale = 1.0f / (size + 4.0f);
    vec t = (size - 4.0f) * scale, p = vec_all(-0.00013243342f), e = activation_gauss(size);
    p = p * t + 0.00017837131f;
    p = p * t + 0.0015695895f;
    p = p * t - 0.003512078f;
    p = p * t - 0.0075250035f;
    p = p * t + 0.060403764f;
    p = p * t - 0.18652348f;
    p = p * t + 0.3871369f;
    p = p * t - 0.60789657f;
    p = p * t + 0.75528514f;
    vec beyond = e * (p * scale);
    return (struct normal){0.39894228f * e, vec_select(x < 0.0f, beyond, 1.0f - beyond)};
}

/* The tanh approximation of gelu is x sigmoid(2 sqrt(2 / pi) (x + 0.044715 x^3)); beyond |x| = 12 the sigmoid
 * is constant. */
#define GELU_LINEAR 1.5957691f
#define GELU_CUBIC  0.071354814f

struct gelu_tanh {
    vec x, inner; /* x clamped to [-12, 12], and the argument of the sigmoid */
};

VEC_INLINE struct gelu_tanh activation_split_gelu_tanh(vec x)
{
    vec near = vec_clamp(x, -12.0f, 12.0f);
    vec slope = GELU_CUBIC * (near * near) + GELU_LINEAR;
    return (struct gelu_tanh){near, near * slope};
}

VEC_INLINE vec activation_softplus(vec x, float beta, float threshold)
{
    vec z = x * beta, positive = vec_select(z < 0.0f, vec_all(0), z);
    vec y = (positive + vec_log1p(vec_exp(vec_minus_abs(z)))) / beta;
    return vec_select(z > threshold, x, y);
}

/* SELU is scale * (exp(x) - 1) * alpha below 0. */
#define SELU_SCALE       1.05070098735548f
#define SELU_SCALE_ALPHA 1.75809934084738f

/* tanh(log(1 + exp(x))) and what is missing to 1, both with all their digits: with e = exp(-|x|), (1 + 2 e) /
 * (1 + 2 e + 2 e^2) where x is positive and (e^2 + 2 e) / (e^2 + 2 e + 2) elsewhere. */
VEC_INLINE struct vec_shares activation_mish_gate(vec x)
{
    vec e = vec_exp(vec_minus_abs(x)), twice = 2.0f * e;
    veci negative = x < 0.0f;
    vec share = vec_select(negative, e * (e + 2.0f), twice + 1.0f);
    vec rest = vec_select(negative, vec_all(2), twice * e);
    vec scale = 1.0f / (share + rest);
    return (struct vec_shares){share * scale, rest * scale};
}

VEC_INLINE vec activation_softsign(vec x)
{
    return x / (1.0f + vec_abs(x));
}

VEC_INLINE vec activation_logsigmoid(vec x)
{
    return vec_select(x < 0.0f, x, vec_all(0)) - vec_log1p(vec_exp(vec_minus_abs(x)));
}

/* 0 up to -3, 1 from 3 on. */
VEC_INLINE vec activation_hardsigmoid(vec x)
{
    return vec_clamp(x + 3.0f, 0.0f, 6.0f) * (1.0f / 6);
}

VEC_INLINE vec activation_value(enum activation_kind kind, float a, float b, vec x)
{
    switch (kind) {
    case ACTIVATION_SIGMOID:
        return vec_sigmoid(x);
    case ACTIVATION_TANH:
        return vec_tanh(x);
    case ACTIVATION_LEAKY_RELU:
        return vec_select(x > 0.0f, x, a * x);
    case ACTIVATION_ELU:
        return vec_select(x > 0.0f, x, a * vec_expm1(x));
    case ACTIVATION_GELU:
        return x * activation_normal(x).below;
    case ACTIVATION_GELU_TANH:
        return x * vec_sigmoid(activation_split_gelu_tanh(x).inner);
    case ACTIVATION_SILU:
        return x * vec_sigmoid(x);
    case ACTIVATION_SOFTPLUS:
        return activation_softplus(x, a, b);
    case ACTIVATION_SELU:
        return vec_select(x > 0.0f, SELU_SCALE * x, SELU_SCALE_ALPHA * vec_expm1(x));
    case ACTIVATION_CELU:
        return vec_select(x > 0.0f, x, a * vec_expm1(x / a));
    case ACTIVATION_CLAMP:
        return vec_clamp(x, a, b);
    case ACTIVATION_HARDSIGMOID:
        return activation_hardsigmoid(x);
    case ACTIVATION_SCALE:
        return a * x;
    case ACTIVATION_MISH:
        return x * activation_mish_gate(x).share;
    case ACTIVATION_SOFTSIGN:
        return activation_softsign(x);
    case ACTIVATION_LOGSIGMOID:
        return activation_logsigmoid(x);
    case ACTIVATION_HARDSWISH:
        return x * activation_hardsigmoid(x);
    case ACTIVATION_THRESHOLD:
        return vec_select(x <= a, vec_all(b), x);
    }
    return x;
}

VEC_INLINE vec activation_slope_of_gelu(vec x)
{
    struct normal at = activation_normal(x);
    return x * at.density + at.below;
}

VEC_INLINE vec activation_slope_of_gelu_tanh(vec x)
{
    struct gelu_tanh at = activation_split_gelu_tanh(x);
    struct vec_shares s = vec_sigmoid_both(at.inner);
    vec inner_slope = (3 * GELU_CUBIC) * (at.x * at.x) + GELU_LINEAR;
    return s.share * ((at.x * inner_slope) * s.rest + 1.0f);
}

VEC_INLINE vec activation_slope_of_silu(vec x)
{
    struct vec_shares s = vec_sigmoid_both(x);
    return s.share * (x * s.rest + 1.0f);
}

/* 1 - gate^2 is rest * (1 + gate). */
VEC_INLINE vec activation_slope_of_mish(vec x)
{
    struct vec_shares gate = activation_mish_gate(x);
    return (x * vec_sigmoid(x)) * (gate.rest * (gate.share + 1.0f)) + gate.share;
}

VEC_INLINE vec activation_slope_of_softsign(vec x)
{
    vec share = 1.0f / (1.0f + vec_abs(x));
    return share * share;
}

VEC_INLINE vec activation_slope_of_hardswish(vec x)
{
    vec between = x * (1.0f / 3) + 0.5f;
    return vec_select(x <= -3.0f, vec_all(0), vec_select(x >= 3.0f, vec_all(1), between));
}

/* The derivative, from the output or the input. */
VEC_INLINE vec activation_slope(enum activation_kind kind, float a, float b, vec kept)
{
    switch (kind) {
    case ACTIVATION_SIGMOID:
        return kept * (1.0f - kept);
    case ACTIVATION_TANH:
        return 1.0f - kept * kept;
    case ACTIVATION_LEAKY_RELU:
        return vec_select(kept > 0.0f, vec_all(1), vec_all(a));
    case ACTIVATION_ELU:
        return vec_select(kept > 0.0f, vec_all(1), kept + a);
    case ACTIVATION_GELU:
        return activation_slope_of_gelu(kept);
    case ACTIVATION_GELU_TANH:
        return activation_slope_of_gelu_tanh(kept);
    case ACTIVATION_SILU:
        return activation_slope_of_silu(kept);
    case ACTIVATION_SOFTPLUS:
        return vec_select(a * kept > b, vec_all(1), vec_sigmoid(a * kept));
    case ACTIVATION_SELU:
        return vec_select(kept > 0.0f, vec_all(SELU_SCALE), kept + SELU_SCALE_ALPHA);
    case ACTIVATION_CELU:
        return vec_select(kept > 0.0f, vec_all(1), (kept + a) / a);
    case ACTIVATION_CLAMP:
        return vec_select((kept <= a) | (kept >= b), vec_all(0), vec_all(1));
    case ACTIVATION_HARDSIGMOID:
        return vec_select((kept > 0.0f) & (kept < 1.0f), vec_all(1.0f / 6), vec_all(0));
    case ACTIVATION_SCALE:
        return vec_all(a);
    case ACTIVATION_MISH:
        return activation_slope_of_mish(kept);
    case ACTIVATION_SOFTSIGN:
        return activation_slope_of_softsign(kept);
    case ACTIVATION_LOGSIGMOID:
        return vec_sigmoid(-kept);
    case ACTIVATION_HARDSWISH:
        return activation_slope_of_hardswish(kept);
    case ACTIVATION_THRESHOLD:
        return vec_select(kept <= a, vec_all(0), vec_all(1));
    }
    return kept;
}

/* Called with a constant kind, so that every kind gets loops of its own. */
VEC_INLINE void activation_forward_loop(enum activation_kind kind, const struct activation *f, int64_t count,
                                        const float *x, float *y)
{
    float a = f->a, b = f->b;
    for (int64_t i = 0; i < count; i += VW)
        vec_store_any(y + i, activation_value(kind, a, b, vec_load_any(x + i)));
}

VEC_INLINE void activation_backward_loop(enum activation_kind kind, const struct activation *f, int64_t count,
                                         const float *kept, const float *dy, float *dx)
{
    float a = f->a, b = f->b;
    for (int64_t i = 0; i < count; i += VW)
        vec_store_any(dx + i, vec_load_any(dy + i) * activation_slope(kind, a, b, vec_load_any(kept + i)));
}

#define EVERY_KIND(CASE)                                                                                     \
    CASE(ACTIVATION_SIGMOID)                                                                                 \
    CASE(ACTIVATION_TANH)                                                                                    \
    CASE(ACTIVATION_LEAKY_RELU)                                                                              \
    CASE(ACTIVATION_ELU)                                                                                     \
    CASE(ACTIVATION_GELU)                                                                                    \
    CASE(ACTIVATION_GELU_TANH)                                                                               \
    CASE(ACTIVATION_SILU)                                                                                    \
    CASE(ACTIVATION_SOFTPLUS)                                                                                \
    CASE(ACTIVATION_SELU)                                                                                    \
    CASE(ACTIVATION_CELU)                                                                                    \
    CASE(ACTIVATION_CLAMP)                                                                                   \
    CASE(ACTIVATION_HARDSIGMOID)                                                                             \
    CASE(ACTIVATION_SCALE)                                                                                   \
    CASE(ACTIVATION_MISH)                                                                                    \
    CASE(ACTIVATION_SOFTSIGN)                                                                                \
    CASE(ACTIVATION_LOGSIGMOID)                                                                              \
    CASE(ACTIVATION_HARDSWISH)                                                                               \
    CASE(ACTIVATION_THRESHOLD)

/* Of whole registers. */
static void activation_forward_whole(const struct activation *f, int64_t count, const float *x, float *y)
{
#define CASE(kind)                                                                                           \
    case kind:                                                                                               \
        activation_forward_loop(kind, f, count, x, y);                                                       \
        break;
    switch (f->kind) {
        EVERY_KIND(CASE)
    }
#undef CASE
}

static void activation_backward_whole(const struct activation *f, int64_t count, const float *kept,
                                      const float *dy, float *dx)
{
#define CASE(kind)                                                                                           \
    case kind:                                                                                               \
        activation_backward_loop(kind, f, count, kept, dy, dx);                                              \
        break;
    switch (f->kind) {
        EVERY_KIND(CASE)
    }
#undef CASE
}

void LEVEL(activation_forward)(const struct activation *f, int64_t count, const float *x, float *y)
{
    int64_t whole = count / VW * VW, rest = count - whole;
    activation_forward_whole(f, whole, x, y);
    if (rest == 0) return;
    vec last = vec_load_part(x + whole, rest);
    activation_forward_whole(f, VW, (const float *)&last, (float *)&last);
    vec_store_part(y + whole, rest, last);
}

void LEVEL(activation_backward)(const struct activation *f, int64_t count, const float *kept, const float *dy,
                                float *dx)
{
    int64_t whole = count / VW * VW, rest = count - whole;
    activation_backward_whole(f, whole, kept, dy, dx);
    if (rest == 0) return;
    vec last_kept = vec_load_part(kept + whole, rest), last = vec_load_part(dy + whole, rest);
    activation_backward_whole(f, VW, (const float *)&last_kept, (const float *)&last, (float *)&last);
    vec_store_part(dx + whole, rest, last);
}
