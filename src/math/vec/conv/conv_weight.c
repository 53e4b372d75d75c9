/* conv_weight.c - the weight gradient of a convolution: the sum over the leaves of each leaf's own, added as
 * a balanced binary tree. Three ways (rules.c): Winograd's algorithm, panels with the output channels side by
 * side, and, for few channels, products lane by lane. */
#include "math/vec/conv/outer/outer.h"
#include "math/vec/conv/panel.h"
#include "math/vec/conv/tree.h"
#include "math/vec/conv/trim.h"
#include "math/vec/conv/winograd.h"

/* Scratch, in floats: a slot of sums for each level of the tree, and the work space of a leaf. */
#define PANEL_SLOT (PANEL_SUM_ROWS * PANEL_WIDTH)

static int64_t weight_winograd_floats(const struct window *c)
{
    return PANEL_SLOT * weight_tree_slots(c) + LEVEL(winograd_leaf_floats)();
}

static int64_t weight_panel_floats(const struct window *c)
{
    return PANEL_SLOT * weight_tree_slots(c) + LEVEL(panel_leaf_floats)();
}

static int64_t weight_outer_slot(const struct window *c)
{
    return (c->out.c * depth_of(c) + 15) / 16 * 16;
}

static int64_t weight_outer_floats(const struct window *c)
{
    return weight_outer_slot(c) * weight_tree_slots(c) + LEVEL(outer_floats)(c);
}

/* Turns sums [rows][PANEL_WIDTH] into their place in dweight [OC][depth]. */
static void weight_store_block(const struct panel_block *b, int64_t depth, const float *sums, float *dweight)
{
    for (int64_t oc = 0; oc < b->channels; oc += 16)
        for (int64_t row = 0; row < b->rows; row += 16) {
            float block[16][16] __attribute__((aligned(64)));
            int64_t rows = b->rows - row < 16 ? b->rows - row : 16;
            vec_transpose16(sums + row * PANEL_WIDTH + oc, PANEL_WIDTH, rows, block[0], 16);
            for (int64_t i = 0; i < 16 && oc + i < b->channels; i++)
                memcpy(dweight + (b->oc + oc + i) * depth + b->row + row, block[i],
                       (size_t)rows * sizeof(float));
        }
}

/* Adds one leaf's part of a block of the weights to its sums. */
typedef void weight_leaf(const struct window *c, const struct panel_block *b, const float *x, const float *dy,
                         float *sums, float *work);

static void weight_by_panels(const struct window *c, weight_leaf *compute, const float *x, const float *dy,
                             float *dweight, float *scratch)
{
    int64_t depth = depth_of(c), lanes = c->lanes / c->leaves, most = PANEL_SUM_ROWS;
    if (most >= c->kernel[AXIS_W]) most -= most % c->kernel[AXIS_W];
    float *work = scratch + PANEL_SLOT * weight_tree_slots(c);
    for (int64_t oc = 0; oc < c->out.c; oc += PANEL_WIDTH)
        for (int64_t row = 0; row < depth; row += most) {
            struct panel_block b = {.oc = oc,
                                    .channels = c->out.c - oc < PANEL_WIDTH ? c->out.c - oc : PANEL_WIDTH,
                                    .row = row,
                                    .rows = depth - row < most ? depth - row : most,
                                    .lanes = lanes};
            for (int64_t leaf = 0; leaf < c->leaves; leaf++) {
                b.lane = leaf * lanes;
                compute(c, &b, x, dy, scratch + PANEL_SLOT * weight_tree_slot(leaf), work);
                weight_tree_add(scratch, PANEL_SLOT, b.rows * PANEL_WIDTH, leaf);
            }
            weight_store_block(&b, depth, scratch, dweight);
        }
}

static void weight_winograd_sums(const struct window *c, const float *x, const float *dy, float *dweight,
                                 float *scratch)
{
    weight_by_panels(c, LEVEL(winograd_leaf), x, dy, dweight, scratch);
}

static void weight_panel_sums(const struct window *c, const float *x, const float *dy, float *dweight,
                              float *scratch)
{
    struct trim t = LEVEL(trim_of)(c);
    if (LEVEL(panel_suits_few)(&t.window))
        LEVEL(panel_few)(&t.window, x, dy, dweight, scratch);
    else
        weight_by_panels(&t.window, LEVEL(panel_leaf), x, dy, dweight, scratch);
    if (trim_is_less(&t, c)) LEVEL(trim_spread)(&t, c, dweight);
}

static void weight_outer_sums(const struct window *c, const float *x, const float *dy, float *dweight,
                              float *scratch)
{
    int64_t weights = c->out.c * depth_of(c), slot = weight_outer_slot(c);
    float *work = scratch + slot * weight_tree_slots(c);
    LEVEL(outer_sums)(c, x, dy, work);
    for (int64_t leaf = 0; leaf < c->leaves; leaf++) {
        LEVEL(outer_leaf)(c, leaf, scratch + slot * weight_tree_slot(leaf), work);
        weight_tree_add(scratch, slot, weights, leaf);
    }
    memcpy(dweight, scratch, (size_t)weights * sizeof *dweight);
}

const struct conv_way LEVEL(conv_way_winograd_sums) = {.scratch_floats = weight_winograd_floats,
                                                       .backward_weight = weight_winograd_sums};
const struct conv_way LEVEL(conv_way_panel_sums) = {.scratch_floats = weight_panel_floats,
                                                    .backward_weight = weight_panel_sums};
const struct conv_way LEVEL(conv_way_outer_sums) = {.scratch_floats = weight_outer_floats,
                                                    .backward_weight = weight_outer_sums};
