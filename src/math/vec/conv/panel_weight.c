/* panel_weight.c - the weight gradient of a convolution with many channels: the patches under a few columns
 * are copied into a panel, so that padding and stride cost nothing. */
#include "math/vec/conv/panel.h"

#define ROWS 48 /* rows of patches at once: in the L1 cache beside the transposed gradients */

/* Where a register of columns, lanes of one position, starts in the input. */
struct patch {
    int64_t at[SHAPE_AXES], lane; /* of the window's first element; may hang over the edge */
};

/* `work`: patches [ROWS][PANEL_ROW] and transposed gradients [columns][PANEL_WIDTH]. */
int64_t LEVEL(panel_leaf_floats)(void)
{
    return ROWS * PANEL_ROW + PANEL_GROUPS * 16 * PANEL_WIDTH;
}

/* Rows [first, first + rows) of the patches. */
static void panel_pack_rows(const struct window *c, const float *x, const struct patch *patch,
                            int64_t registers, int64_t first, int64_t rows, float *panel)
{
    const int64_t *in = c->in.d, *kernel = c->kernel, *dilation = c->dilation;
    int64_t plane = shape_positions(c->in) * c->lanes, from[PANEL_GROUPS * VEC_PARTS];
    int64_t kx = first % kernel[AXIS_W], ky = first / kernel[AXIS_W] % kernel[AXIS_H],
            kz = first / (kernel[AXIS_W] * kernel[AXIS_H]) % kernel[AXIS_D];
    for (int64_t j = 0; j < registers; j++) {
        const int64_t *at = patch[j].at;
        from[j] =
            ((at[AXIS_D] * in[AXIS_H] + at[AXIS_H]) * in[AXIS_W] + at[AXIS_W]) * c->lanes + patch[j].lane;
    }
    x += first / window_taps(c) * plane;
    for (int64_t k = 0; k < rows; k++, panel += PANEL_ROW) {
        int64_t z = kz * dilation[AXIS_D], y = ky * dilation[AXIS_H], w = kx * dilation[AXIS_W];
        int64_t tap = ((z * in[AXIS_H] + y) * in[AXIS_W] + w) * c->lanes;
        for (int64_t j = 0; j < registers; j++) {
            const int64_t *at = patch[j].at;
            bool inside = (uint64_t)(at[AXIS_H] + y) < (uint64_t)in[AXIS_H] &&
                          (uint64_t)(at[AXIS_W] + w) < (uint64_t)in[AXIS_W] &&
                          (uint64_t)(at[AXIS_D] + z) < (uint64_t)in[AXIS_D];
            vec_store(panel + j * VW, inside ? vec_load(x + from[j] + tap) : (vec){0});
        }
        if (++kx < kernel[AXIS_W]) continue;
        kx = 0;
        if (++ky < kernel[AXIS_H]) continue;
        ky = 0;
        if (++kz < kernel[AXIS_D]) continue;
        kz = 0, x += plane;
    }
}

/* The patch under the output at `position`. */
static struct patch panel_patch(const struct window *c, int64_t position, int64_t lane)
{
    struct patch p = {.lane = lane};
    for (int axis = SHAPE_AXES - 1; axis >= 0; axis--) {
        p.at[axis] = position % c->out.d[axis] * c->stride[axis] - c->pad_before[axis];
        position /= c->out.d[axis];
    }
    return p;
}

/* Lists the patches of columns [first, first + count), and turns their gradients; those without samples are
 * left out. Returns the number of registers. */
static int64_t panel_take(const struct window *c, const struct panel_block *b, int64_t first, int64_t count,
                          const float *dy, struct patch *patch, float *transposed)
{
    int64_t plane = shape_positions(c->out) * c->lanes, registers = 0;
    int64_t used = window_used_lanes(c, b->lane / b->lanes, VW);
    for (int64_t j = first; j < first + count; j += VW) {
        int64_t position = j / b->lanes, lane = b->lane + j % b->lanes;
        if (j % b->lanes >= used) continue;
        patch[registers] = panel_patch(c, position, lane);
        for (int64_t oc = 0; oc < b->channels; oc += VW)
            vec_transpose_rows(dy + (b->oc + oc) * plane + position * c->lanes + lane, plane,
                               b->channels - oc, transposed + registers * VW * PANEL_WIDTH + oc, PANEL_WIDTH);
        registers++;
    }
    return registers;
}

void LEVEL(panel_leaf)(const struct window *c, const struct panel_block *b, const float *x, const float *dy,
                       float *sums, float *work)
{
    float *panel = work, *transposed = work + ROWS * PANEL_ROW;
    int64_t columns = shape_positions(c->out) * b->lanes;
    memset(sums, 0, (size_t)(b->rows * PANEL_WIDTH) * sizeof *sums);
    for (int64_t first = 0; first < columns; first += PANEL_GROUPS * 16) {
        int64_t count = columns - first < PANEL_GROUPS * 16 ? columns - first : PANEL_GROUPS * 16;
        struct patch patch[PANEL_GROUPS * VEC_PARTS];
        int64_t registers = panel_take(c, b, first, count, dy, patch, transposed);
        for (int64_t row = 0; row < b->rows; row += ROWS) {
            int64_t rows = b->rows - row < ROWS ? b->rows - row : ROWS;
            panel_pack_rows(c, x, patch, registers, b->row + row, rows, panel);
            LEVEL(panel_product)
            (rows, b->channels, registers * VW, panel, transposed, sums + row * PANEL_WIDTH);
        }
    }
}
