/* winograd_weight.c - the weight gradient of winograd.h's convolutions, the transpose of the algorithm:
 *     dU[point][ic][oc] = sum over tiles and lanes of (Bt x B)[point][ic] (A dY At)[point][oc]
 *     dg = Gt dU G
 * dY is 2x2: transposing its lanes and channels BEFORE the transform takes 4 values instead of 16. */
#include "math/vec/conv/panel.h"
#include "math/vec/conv/winograd.h"

#define ROWS       (PANEL_SUM_ROWS / 9) /* terms of winograd_terms in a block */
#define X_POINT    (ROWS * PANEL_ROW + 16)
#define DY_POINT   (PANEL_GROUPS * 16 * PANEL_WIDTH + 16)
#define SUM_POINT  (ROWS * PANEL_WIDTH)
#define TILE_PLACE (VW * 16)

/* Panels in `work`: inputs [16][ROWS][PANEL_ROW], transposed gradients [16][columns][PANEL_WIDTH], sums
 * [16][ROWS][PANEL_WIDTH] and the 4 transposed gradients of a register of a tile's lanes [4][VW][16]. */
struct work {
    float *x, *dy, *sums, *tile;
};

static int64_t winograd_lay_out_leaf(float *base, struct work *w)
{
    int64_t used = 0;
    conv_carve(base, &used, &w->x, WINOGRAD_POINTS * X_POINT);
    conv_carve(base, &used, &w->dy, WINOGRAD_POINTS * DY_POINT);
    conv_carve(base, &used, &w->sums, WINOGRAD_POINTS * SUM_POINT);
    conv_carve(base, &used, &w->tile, TILE_PLACE * 4);
    return used;
}

int64_t LEVEL(winograd_leaf_floats)(void)
{
    struct work w;
    return winograd_lay_out_leaf(NULL, &w);
}

/* A dY At of VW lanes and 16 channels; g [4][VW][16] are the transposed gradients of the tile. */
static void winograd_transform_gradients(const float *g, float *panel)
{
    for (int64_t i = 0; i < TILE_PLACE; i += VW) {
        float *to = panel + i / 16 * PANEL_WIDTH + i % 16;
        vec row[4][2];
#pragma GCC unroll 2
        for (int x = 0; x < 2; x++) {
            vec a = vec_load(g + x * TILE_PLACE + i), b = vec_load(g + (2 + x) * TILE_PLACE + i);
            row[0][x] = a, row[1][x] = a + b, row[2][x] = a - b, row[3][x] = -b;
        }
#pragma GCC unroll 4
        for (int y = 0; y < 4; y++, to += 4 * DY_POINT) {
            vec a = row[y][0], b = row[y][1];
            vec_store(to, a);
            vec_store(to + DY_POINT, a + b);
            vec_store(to + 2 * DY_POINT, a - b);
            vec_store(to + 3 * DY_POINT, -b);
        }
    }
}

/* The 2x2 gradients of VW lanes and 16 channels, transposed, zeros where the plane ends. */
static void winograd_transpose_tile(const struct window *c, const struct winograd_column *at, const float *dy,
                                    int64_t channels, float *tile)
{
    int64_t plane = shape_positions(c->out) * c->lanes;
    for (int64_t i = 0; i < 4; i++) {
        int64_t y = at->y + i / 2, x = at->x + i % 2;
        bool exists = y < c->out.d[AXIS_H] && x < c->out.d[AXIS_W];
        const float *from =
            dy + ((at->z * c->out.d[AXIS_H] + y) * c->out.d[AXIS_W] + x) * c->lanes + at->lane;
        for (int64_t oc = 0; oc < 16; oc += VW)
            vec_transpose_rows(from + oc * plane, plane, exists ? channels - oc : 0,
                               tile + i * TILE_PLACE + oc, 16);
    }
}

/* dg = Gt dU G, [ic][9][PANEL_WIDTH]; one axis takes u0 + (u1 + u2) / 2, (u1 - u2) / 2 and
 * (u1 + u2) / 2 + u3. */
static void winograd_transform_sums(const float *sums, int64_t rows, float *to)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t oc = 0; oc < PANEL_WIDTH; oc += VW) {
            const float *u = sums + i * PANEL_WIDTH + oc;
            vec row[3][4];
            for (int x = 0; x < 4; x++) {
                vec u0 = vec_load(u + x * SUM_POINT), u1 = vec_load(u + (4 + x) * SUM_POINT),
                    u2 = vec_load(u + (8 + x) * SUM_POINT), u3 = vec_load(u + (12 + x) * SUM_POINT);
                row[0][x] = u0 + (u1 + u2) * 0.5f;
                row[1][x] = (u1 - u2) * 0.5f;
                row[2][x] = (u1 + u2) * 0.5f + u3;
            }
            for (int y = 0; y < 3; y++) {
                float *tap = to + (i * 9 + y * 3) * PANEL_WIDTH + oc;
                vec half = (row[y][1] + row[y][2]) * 0.5f;
                vec_store(tap, row[y][0] + half);
                vec_store(tap + PANEL_WIDTH, (row[y][1] - row[y][2]) * 0.5f);
                vec_store(tap + 2 * PANEL_WIDTH, half + row[y][3]);
            }
        }
}

void LEVEL(winograd_leaf)(const struct window *c, const struct panel_block *b, const float *x,
                          const float *dy, float *sums, float *work)
{
    struct work w;
    winograd_lay_out_leaf(work, &w);
    int64_t rows = b->rows / 9, groups = winograd_tiles(&c->out) * b->lanes / 16;
    int64_t used = window_used_lanes(c, b->lane / b->lanes, VW);
    memset(w.sums, 0, WINOGRAD_POINTS * SUM_POINT * sizeof *w.sums);
    dy += b->oc * shape_positions(c->out) * c->lanes;
    for (int64_t group = 0; group < groups; group += PANEL_GROUPS) {
        int64_t count = groups - group < PANEL_GROUPS ? groups - group : PANEL_GROUPS;
        struct winograd_column column[PANEL_GROUPS * VEC_PARTS];
        int64_t registers = 0;
        for (int64_t j = group * 16; j < (group + count) * 16; j += VW)
            if (j % b->lanes < used)
                column[registers++] = winograd_column(c, j / b->lanes, b->lane + j % b->lanes);
        winograd_inputs(c, column, registers, x, b->row / 9, rows, PANEL_ROW, X_POINT, w.x);
        for (int64_t oc = 0; oc < b->channels; oc += 16)
            for (int64_t j = 0; j < registers; j++) {
                winograd_transpose_tile(c, &column[j], dy + oc * shape_positions(c->out) * c->lanes,
                                        b->channels - oc, w.tile);
                winograd_transform_gradients(w.tile, w.dy + j * VW * PANEL_WIDTH + oc);
            }
        for (int p = 0; p < WINOGRAD_POINTS; p++) LEVEL(panel_product)
        (rows, b->channels, registers * VW, w.x + p * X_POINT, w.dy + p * DY_POINT, w.sums + p * SUM_POINT);
    }
    winograd_transform_sums(w.sums, rows, sums);
}
