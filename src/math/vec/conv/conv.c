/* conv.c - the convolutions' entry points: groups one by one for ways that know none. */
#include "math/vec/conv/rules.h"

/* One group as a convolution of its own; the arrays of group g begin g times as many floats further. */
struct group {
    struct window c;
    int64_t count, in, out, weights;
};

static struct group conv_group(const struct window *c, const struct conv_way *way)
{
    struct group g = {.c = *c, .count = way->takes_groups ? 1 : c->groups};
    g.c.in.c /= g.count, g.c.out.c /= g.count, g.c.groups /= g.count;
    g.in = shape_features(g.c.in) * c->lanes;
    g.out = shape_features(g.c.out) * c->lanes;
    g.weights = g.c.out.c * depth_of(&g.c);
    return g;
}

static int64_t conv_measure_pass(const struct window *c)
{
    int64_t most = 0;
    for (int product = 0; product < CONV_PRODUCTS; product++) {
        const struct conv_way *way = LEVEL(rules_choose)(c, (enum conv_product)product);
        struct group g = conv_group(c, way);
        int64_t floats = way->scratch_floats(&g.c);
        if (floats > most) most = floats;
    }
    return most;
}

/* The next smaller pass that there may be: lanes that do not fill vectors shrink to the samples of the slice. */
static int64_t conv_next_lanes(const struct window *c, int64_t lanes)
{
    return c->lanes % 16 ? lanes - 1 : 0;
}

/* A pass of fewer lanes may take other ways, and other blocks. */
int64_t LEVEL(conv_scratch_floats)(const struct window *c)
{
    int64_t most = 0;
    struct window pass = *c;
    for (; pass.lanes > 0; pass.lanes = conv_next_lanes(c, pass.lanes)) {
        int64_t floats = conv_measure_pass(&pass);
        if (floats > most) most = floats;
    }
    return most;
}

bool LEVEL(conv_uses_blas)(const struct window *c)
{
    struct window pass = *c;
    for (; pass.lanes > 0; pass.lanes = conv_next_lanes(c, pass.lanes))
        for (int product = 0; product < CONV_PRODUCTS; product++)
            if (LEVEL(rules_choose)(&pass, (enum conv_product)product) == &LEVEL(conv_way_blas)) return true;
    return false;
}

void LEVEL(conv_forward)(const struct window *c, const float *weight, const float *x,
                         const struct finish *finish, float *y, float *scratch)
{
    const struct conv_way *way = LEVEL(rules_choose)(c, CONV_FORWARD);
    struct group g = conv_group(c, way);
    for (int64_t i = 0; i < g.count; i++) {
        struct finish part = finish_from(finish, i * g.c.out.c, i * g.out);
        way->forward(&g.c, weight + i * g.weights, x + i * g.in, &part, y + i * g.out, scratch);
    }
}

void LEVEL(conv_backward_data)(const struct window *c, const float *weight, const float *dy,
                               const struct finish *finish, float *dx, float *scratch)
{
    const struct conv_way *way = LEVEL(rules_choose)(c, CONV_DATA);
    struct group g = conv_group(c, way);
    for (int64_t i = 0; i < g.count; i++) {
        struct finish part = finish_from(finish, i * g.c.in.c, i * g.in);
        way->backward_data(&g.c, weight + i * g.weights, dy + i * g.out, &part, dx + i * g.in, scratch);
    }
}

void LEVEL(conv_backward_weight)(const struct window *c, const float *x, const float *dy, float *dweight,
                                 float *scratch)
{
    const struct conv_way *way = LEVEL(rules_choose)(c, CONV_WEIGHT);
    struct group g = conv_group(c, way);
    for (int64_t i = 0; i < g.count; i++)
        way->backward_weight(&g.c, x + i * g.in, dy + i * g.out, dweight + i * g.weights, scratch);
}
