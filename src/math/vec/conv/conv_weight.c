/* conv_weight.c - the weight gradient of a convolution: the sum over the leaves of each leaf's own, added as
 * a balanced binary tree. Three ways, chosen by a fixed rule on shapes: Winograd's algorithm, panels with the
 * output channels side by side, and, for few channels, products lane by lane. */
#include "math/vec/conv/outer/outer.h"
#include "math/vec/conv/panel.h"
#include "math/vec/conv/tree.h"
#include "math/vec/conv/winograd.h"

#define PANEL_CHANNELS 16 /* fewer output channels leave much of a vector empty */
#define PANEL_DEPTH    64 /* with fewer products per output the transposition of the gradients does not pay */

static bool weight_panel_fits(const struct window *c)
{
    return winograd_fits(c) || (c->out.c >= PANEL_CHANNELS && depth_of(c) >= PANEL_DEPTH);
}

/* Scratch, in floats: a slot of sums for each level of the tree, and the work space of a leaf. */
static int64_t weight_slot_floats(const struct window *c)
{
    int64_t weights = c->out.c * depth_of(c);
    return weight_panel_fits(c) ? PANEL_SUM_ROWS * PANEL_WIDTH : (weights + 15) / 16 * 16;
}

static int64_t weight_scratch_floats(const struct window *c)
{
    int64_t work = winograd_fits(c)       ? LEVEL(winograd_leaf_floats)()
                   : weight_panel_fits(c) ? LEVEL(panel_leaf_floats)()
                                          : LEVEL(outer_floats)(c);
    return weight_slot_floats(c) * weight_tree_slots(c) + work;
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

static void weight_by_panels(const struct window *c, const float *x, const float *dy, float *dweight,
                             float *scratch)
{
    int64_t depth = depth_of(c), slot = weight_slot_floats(c), lanes = c->lanes / c->leaves,
            most = PANEL_SUM_ROWS;
    if (most >= c->kernel[AXIS_W]) most -= most % c->kernel[AXIS_W];
    float *work = scratch + slot * weight_tree_slots(c);
    for (int64_t oc = 0; oc < c->out.c; oc += PANEL_WIDTH)
        for (int64_t row = 0; row < depth; row += most) {
            struct panel_block b = {.oc = oc,
                                    .channels = c->out.c - oc < PANEL_WIDTH ? c->out.c - oc : PANEL_WIDTH,
                                    .row = row,
                                    .rows = depth - row < most ? depth - row : most,
                                    .lanes = lanes};
            for (int64_t leaf = 0; leaf < c->leaves; leaf++) {
                float *sums = scratch + slot * weight_tree_slot(leaf);
                b.lane = leaf * lanes;
                if (winograd_fits(c))
                    LEVEL(winograd_leaf)(c, &b, x, dy, sums, work);
                else
                    LEVEL(panel_leaf)(c, &b, x, dy, sums, work);
                weight_tree_add(scratch, slot, b.rows * PANEL_WIDTH, leaf);
            }
            weight_store_block(&b, depth, scratch, dweight);
        }
}

static void weight_sums(const struct window *c, const float *x, const float *dy, float *dweight,
                        float *scratch)
{
    if (weight_panel_fits(c)) {
        weight_by_panels(c, x, dy, dweight, scratch);
        return;
    }
    int64_t weights = c->out.c * depth_of(c), slot = weight_slot_floats(c);
    float *work = scratch + slot * weight_tree_slots(c);
    LEVEL(outer_sums)(c, x, dy, work);
    for (int64_t leaf = 0; leaf < c->leaves; leaf++) {
        LEVEL(outer_leaf)(c, leaf, scratch + slot * weight_tree_slot(leaf), work);
        weight_tree_add(scratch, slot, weights, leaf);
    }
    memcpy(dweight, scratch, (size_t)weights * sizeof *dweight);
}

/* Volumes of few channels fit where lanes do not fill vectors: their gradients depend on the number of lanes anyway. */
static bool weight_fits(const struct window *c, enum conv_product product)
{
    return product == CONV_WEIGHT && (window_is_flat(c) || weight_panel_fits(c) || c->lanes % 16 != 0);
}

const struct conv_way LEVEL(conv_way_sums) = {
    .fits = weight_fits,
    .scratch_floats = weight_scratch_floats,
    .backward_weight = weight_sums,
};
