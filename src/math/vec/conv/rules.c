/* rules.c - which way each product of a convolution takes: the one table.
 *
 * Rules look at shapes, and at most at whether passes of the run have any number of lanes (any_lanes), never at how
 * many samples a pass happens to have: so a sample gets the same bits in any company, and the choice never depends on
 * timing. Weight gradients, which are sums over all samples of a pass, may also look at its lanes. A way may have
 * variants for some sizes that give the same bits (strips_fit, panel_suits_few); they are its own matter. */
#include "math/vec/conv/rules.h"

#include <assert.h>

#define WINOGRAD_CHANNELS 12 /* with fewer the transforms cost more than they save */
#define WINOGRAD_PLANE                                                                                       \
    64 /* in runs of any number of lanes: smaller planes have too few tiles for a register */
#define PANEL_CHANNELS 16 /* fewer output channels leave much of a vector empty */
#define PANEL_DEPTH    64 /* with fewer products per output the transposition of the gradients does not pay */

struct rule {
    bool (*holds)(const struct window *c, const struct window *group);
    const struct conv_way *products; /* output and data gradient */
    const struct conv_way *weight;   /* weight gradient */
};

static bool rules_fill_vectors(const struct window *c)
{
    return c->lanes / c->leaves % 16 == 0;
}

static bool rules_wants_blas(const struct window *c, const struct window *group)
{
    (void)group;
    return c->products == PRODUCTS_BLAS;
}

/* Every channel a group of its own. */
static bool rules_is_depthwise(const struct window *c, const struct window *group)
{
    (void)group;
    return c->groups > 1 && c->in.c == c->groups && c->out.c == c->groups;
}

/* 3x3, of any depth, that moves by one; the data gradient turns a padding p into kernel - 1 - p. */
static bool rules_is_winograd(const struct window *c, const struct window *group)
{
    for (int i = 0; i < SHAPE_AXES; i++) {
        int64_t most = c->kernel[i] - 1;
        if (c->stride[i] != 1 || c->dilation[i] != 1 || c->pad_before[i] > most || c->pad_after[i] > most)
            return false;
        if (i != AXIS_D && c->kernel[i] != 3) return false;
    }
    bool any_lanes = c->any_lanes || !rules_fill_vectors(c);
    if (any_lanes && c->out.d[AXIS_H] * c->out.d[AXIS_W] < WINOGRAD_PLANE) return false;
    return group->in.c >= WINOGRAD_CHANNELS && group->out.c >= WINOGRAD_CHANNELS;
}

static bool rules_has_many_channels(const struct window *c, const struct window *group)
{
    (void)c;
    return group->out.c >= PANEL_CHANNELS && depth_of(group) >= PANEL_DEPTH;
}

/* Planes and signals; volumes where lanes do not fill vectors (outer/ takes their positions as one row then). */
static bool rules_is_outer(const struct window *c, const struct window *group)
{
    return window_is_flat(group) || c->lanes % 16 != 0;
}

static bool rules_is_any(const struct window *c, const struct window *group)
{
    (void)c, (void)group;
    return true;
}

/* The first that holds. */
static const struct rule rules[CONV_RULES] = {
    [CONV_RULE_BLAS] = {rules_wants_blas, &LEVEL(conv_way_blas), &LEVEL(conv_way_blas)},
    [CONV_RULE_DEPTHWISE] = {rules_is_depthwise, &LEVEL(conv_way_depthwise), &LEVEL(conv_way_depthwise)},
    [CONV_RULE_WINOGRAD] = {rules_is_winograd, &LEVEL(conv_way_winograd), &LEVEL(conv_way_winograd_sums)},
    [CONV_RULE_CHANNELS] = {rules_has_many_channels, &LEVEL(conv_way_direct), &LEVEL(conv_way_panel_sums)},
    [CONV_RULE_OUTER] = {rules_is_outer, &LEVEL(conv_way_direct), &LEVEL(conv_way_outer_sums)},
    [CONV_RULE_REST] = {rules_is_any, &LEVEL(conv_way_direct), &LEVEL(conv_way_blas)},
};

static struct window rules_group(const struct window *c)
{
    struct window group = *c;
    group.in.c /= c->groups, group.out.c /= c->groups, group.groups = 1;
    return group;
}

enum conv_rule LEVEL(conv_find_rule)(const struct window *c)
{
    const struct window group = rules_group(c);
    int i = 0;
    while (!rules[i].holds(c, &group)) i++;
    assert(i < CONV_RULES);
    return (enum conv_rule)i;
}

const struct conv_way *LEVEL(rules_choose)(const struct window *c, enum conv_product product)
{
    const struct rule *rule = &rules[LEVEL(conv_find_rule)(c)];
    return product == CONV_WEIGHT ? rule->weight : rule->products;
}
