/* panel_weight.c - the weight gradient of a convolution with many channels: the patches under a few columns
 * are copied into a panel, so that padding and stride cost nothing. */
#include "math/vec/conv/panel.h"

#define ROWS 48 /* rows of patches at once: in the L1 cache beside the transposed gradients */

/* Where a column starts in the input. */
struct patch {
    int64_t y, x, lane; /* of the window's first element; may hang over the edge */
};

/* `work`: patches [ROWS][PANEL_ROW] and transposed gradients [columns][PANEL_WIDTH]. */
int64_t LEVEL(panel_leaf_floats)(void)
{
    return ROWS * PANEL_ROW + PANEL_GROUPS * 16 * PANEL_WIDTH;
}

/* Rows [first, first + rows) of the patches. */
static void panel_pack_rows(const struct window *c, const float *x, const struct patch *patch, int64_t groups,
                            int64_t first, int64_t rows, float *panel)
{
    int64_t h = c->in.d[AXIS_H], w = c->in.d[AXIS_W], lanes = c->lanes, from[PANEL_GROUPS];
    int64_t down = c->kernel[AXIS_H], across = c->kernel[AXIS_W];
    int64_t kx = first % across, ky = first / across % down;
    for (int64_t j = 0; j < groups; j++) from[j] = (patch[j].y * w + patch[j].x) * lanes + patch[j].lane;
    x += first / (down * across) * h * w * lanes;
    for (int64_t k = 0; k < rows; k++, panel += PANEL_ROW) {
        int64_t y = ky * c->dilation[AXIS_H], x_tap = kx * c->dilation[AXIS_W], tap = (y * w + x_tap) * lanes;
        for (int64_t j = 0; j < groups; j++) {
            bool inside =
                (uint64_t)(patch[j].y + y) < (uint64_t)h && (uint64_t)(patch[j].x + x_tap) < (uint64_t)w;
            for (int64_t i = 0; i < 16; i += VW)
                vec_store(panel + j * 16 + i, inside ? vec_load(x + from[j] + tap + i) : (vec){0});
        }
        if (++kx < across) continue;
        kx = 0;
        if (++ky < down) continue;
        ky = 0, x += h * w * lanes;
    }
}

void LEVEL(panel_leaf)(const struct window *c, const struct panel_block *b, const float *x, const float *dy,
                       float *sums, float *work)
{
    float *panel = work, *transposed = work + ROWS * PANEL_ROW;
    int64_t plane = shape_positions(c->out) * c->lanes, groups = shape_positions(c->out) * b->lanes / 16;
    memset(sums, 0, (size_t)(b->rows * PANEL_WIDTH) * sizeof *sums);
    for (int64_t group = 0; group < groups; group += PANEL_GROUPS) {
        int64_t count = groups - group < PANEL_GROUPS ? groups - group : PANEL_GROUPS;
        struct patch patch[PANEL_GROUPS];
        for (int64_t j = 0; j < count; j++) {
            int64_t position = (group + j) * 16 / b->lanes, lane = b->lane + (group + j) * 16 % b->lanes;
            int64_t row = position / c->out.d[AXIS_W], column = position % c->out.d[AXIS_W];
            patch[j] = (struct patch){row * c->stride[AXIS_H] - c->pad_before[AXIS_H],
                                      column * c->stride[AXIS_W] - c->pad_before[AXIS_W], lane};
            for (int64_t oc = 0; oc < b->channels; oc += 16)
                vec_transpose16(dy + (b->oc + oc) * plane + position * c->lanes + lane, plane,
                                b->channels - oc < 16 ? b->channels - oc : 16,
                                transposed + j * 16 * PANEL_WIDTH + oc, PANEL_WIDTH);
        }
        for (int64_t row = 0; row < b->rows; row += ROWS) {
            int64_t rows = b->rows - row < ROWS ? b->rows - row : ROWS;
            panel_pack_rows(c, x, patch, count, b->row + row, rows, panel);
            LEVEL(panel_product)(rows, b->channels, count * 16, panel, transposed, sums + row * PANEL_WIDTH);
        }
    }
}
