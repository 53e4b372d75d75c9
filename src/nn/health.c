/* health.c - bounds within which no sum of a step overflows.
 *
 * The sum over at most 2^20 virtual ranks of values up to 2^100 is finite. A product of x up to 2^40 and dy
 * up to 2^40, summed over at most 2^20 lanes and positions, is at most 2^100. */
#include "nn/health.h"

#include <float.h>

#include "core/mem.h"

#define GRADIENT_BOUND 0x1p100f
#define FACTOR_BOUND   0x1p40f
#define MAX_PRODUCTS   ((int64_t)1 << 20)

static int64_t gradient_floats(const struct layer *l)
{
    const struct tensor *last = &l->tensors[l->tensor_count - 1];
    return last->offset + mem_round_floats(tensor_count(last)) - l->tensors[0].offset;
}

/* The factors of a wide linear layer, or of a convolution with few positions, are far fewer than its weights, and warm
 * in cache. */
bool health_factors(const struct layer *l, const struct pass *p, const float *const *x, const float *dy)
{
    if (l->tensor_count == 0) return true;
    int64_t in = shape_features(l->in[0]) * p->lanes, out = shape_features(l->out) * p->lanes;
    int64_t from = shape_positions(l->in[0]), to = shape_positions(l->out);
    int64_t products = p->lanes * (from > to ? from : to);
    if (!l->ops->sums_products || products > MAX_PRODUCTS || in + out >= gradient_floats(l)) return false;
    return l->kernels->within(in, x[0], FACTOR_BOUND) && l->kernels->within(out, dy, FACTOR_BOUND);
}

bool health_gradients(const struct layer *l, const struct pass *p)
{
    return l->kernels->within(gradient_floats(l), p->grads + l->tensors[0].offset, GRADIENT_BOUND);
}

bool health_outputs(const struct layer *l, const struct pass *p, const float *y)
{
    return l->kernels->within(shape_features(l->out) * p->lanes, y, FLT_MAX);
}
