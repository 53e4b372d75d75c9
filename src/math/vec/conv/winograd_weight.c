/* winograd_weight.c - the weight gradient of winograd.h's convolutions, the transpose of the algorithm:
 *     dU[point][ic][oc] = sum over tiles and lanes of (Bt x B)[point][ic] (A dY At)[point][oc]
 *     dg = Gt dU G
 * dY is 2x2: transposing its lanes and channels BEFORE the transform takes 4 values instead of 16. */
#include "math/vec/conv/panel.h"
#include "math/vec/conv/winograd/blocks.h"

#define ROWS       (PANEL_SUM_ROWS / 9) /* terms of winograd_terms in a block */
#define X_POINT    (ROWS * PANEL_ROW + 16)
#define COLUMNS    (PANEL_GROUPS * 16)
#define DY_POINT   ((COLUMNS + VW) * PANEL_WIDTH + 16) /* dense columns are stored as whole registers */
#define SUM_POINT  (ROWS * PANEL_WIDTH)
#define TILE_PLACE (VW * 16)

/* Panels in `work`: inputs [16][ROWS][PANEL_ROW], transposed gradients [16][columns][width], sums
 * [16][ROWS][width], the 4 transposed gradients of a register of columns [4][VW][16], and streams of a dense
 * block: of inputs [4][2], of gradients [2][16][2]. */
struct work {
    float *x, *dy, *sums, *tile, *streams;
    int64_t stream;
    int64_t width, dy_point, sum_point; /* channels side by side, and floats from point to point */
};

static int64_t winograd_lay_out_leaf(float *base, struct work *w)
{
    int64_t used = 0;
    conv_carve(base, &used, &w->x, WINOGRAD_POINTS * X_POINT);
    conv_carve(base, &used, &w->dy, WINOGRAD_POINTS * DY_POINT);
    conv_carve(base, &used, &w->sums, WINOGRAD_POINTS * SUM_POINT);
    conv_carve(base, &used, &w->tile, TILE_PLACE * 4);
    w->stream = winograd_stream(COLUMNS);
    conv_carve(base, &used, &w->streams, 2 * 16 * 2 * w->stream);
    return used;
}

int64_t LEVEL(winograd_leaf_floats)(void)
{
    struct work w;
    return winograd_lay_out_leaf(NULL, &w);
}

/* A dY At of VW lanes and 16 channels; g [4][VW][16] are the transposed gradients of the tile. */
static void winograd_transform_gradients(const struct work *w, const float *g, float *panel)
{
    for (int64_t i = 0; i < TILE_PLACE; i += VW) {
        float *to = panel + i / 16 * w->width + i % 16;
        vec row[4][2];
        VEC_EACH (x, 2) {
            vec a = vec_load(g + x * TILE_PLACE + i), b = vec_load(g + (2 + x) * TILE_PLACE + i);
            row[0][x] = a, row[1][x] = a + b, row[2][x] = a - b, row[3][x] = -b;
        }
        VEC_UNROLL
        for (int y = 0; y < 4; y++) {
            vec a = row[y][0], b = row[y][1], points[4] = {a, a + b, a - b, -b};
            VEC_EACH (x, 4) {
                vec_store(to, points[x]);
                to += w->dy_point;
            }
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
static void winograd_transform_sums(const struct work *w, int64_t rows, float *to)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t oc = 0; oc < w->width; oc += VW) {
            const float *u = w->sums + i * w->width + oc;
            vec row[3][4];
            for (int x = 0; x < 4; x++) {
                vec u0 = vec_load(u + x * w->sum_point), u1 = vec_load(u + (4 + x) * w->sum_point),
                    u2 = vec_load(u + (8 + x) * w->sum_point), u3 = vec_load(u + (12 + x) * w->sum_point);
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

/* Splits rows y and y + 1 of the gradients of 16 channels into streams. */
static void winograd_split_gradients(const struct window *c, const struct winograd_block *b, int64_t row,
                                     const float *dy, int64_t channels, const struct work *w)
{
    int64_t down = (c->out.d[AXIS_H] + 1) / 2, height = c->out.d[AXIS_H], width = c->out.d[AXIS_W];
    int64_t y = row % down * 2, plane = shape_positions(c->out) * c->lanes;
    const float *from = dy + (row / down * height + y) * width * c->lanes + b->lane;
    for (int64_t i = 0; i < 2; i++)
        for (int64_t oc = 0; oc < 16; oc++) {
            bool exists = y + i < height && oc < channels;
            struct winograd_row split = {exists ? from + oc * plane + i * width * c->lanes : NULL, width,
                                         c->lanes, b->lanes, 2 * b->tile};
            float *to = w->streams + (i * 16 + oc) * 2 * w->stream;
            winograd_split_row(&split, b->tiles, to, to + w->stream);
        }
}

/* The transformed gradients of a block of dense columns. */
static void winograd_block_gradients(const struct window *c, const struct winograd_block *b, const float *dy,
                                     int64_t channels, const struct work *w)
{
    int64_t columns = b->tiles * b->lanes, plane = shape_positions(c->out) * c->lanes;
    for (int64_t oc = 0; oc < channels; oc += 16)
        for (int64_t r = 0; r < b->rows; r++) {
            winograd_split_gradients(c, b, b->row + r, dy + oc * plane, channels - oc, w);
            for (int64_t f = 0; f < columns; f += VW) {
                for (int64_t i = 0; i < 4; i++)
                    for (int64_t k = 0; k < 16; k += VW)
                        vec_transpose(w->streams + (i / 2 * 16 + k) * 2 * w->stream + i % 2 * w->stream + f,
                                      2 * w->stream, VW, w->tile + i * TILE_PLACE + k, 16);
                winograd_transform_gradients(w, w->tile, w->dy + (r * columns + f) * w->width + oc);
            }
        }
}

static void winograd_add_products(int64_t rows, int64_t channels, int64_t columns, const struct work *w)
{
    for (int p = 0; p < WINOGRAD_POINTS; p++) LEVEL(panel_product)
    (rows, channels, w->width, columns, w->x + p * X_POINT, w->dy + p * w->dy_point,
     w->sums + p * w->sum_point);
}

static void winograd_leaf_dense(const struct window *c, const struct panel_block *p, const float *x,
                                const float *dy, const struct work *w)
{
    struct winograd_block b = {0};
    while (winograd_next_block(c, COLUMNS, &b)) {
        winograd_block_inputs(c, &b, x, p->row / 9, p->rows / 9, PANEL_ROW, X_POINT, w->x, w->streams,
                              w->stream);
        winograd_block_gradients(c, &b, dy, p->channels, w);
        winograd_add_products(p->rows / 9, p->channels, b.rows * b.tiles * b.lanes, w);
    }
}

static void winograd_leaf_registers(const struct window *c, const struct panel_block *b, const float *x,
                                    const float *dy, const struct work *w)
{
    int64_t rows = b->rows / 9, groups = winograd_tiles(&c->out) * b->lanes / 16;
    int64_t used = window_used_lanes(c, b->lane / b->lanes, VW);
    for (int64_t group = 0; group < groups; group += PANEL_GROUPS) {
        int64_t count = groups - group < PANEL_GROUPS ? groups - group : PANEL_GROUPS;
        struct winograd_column column[PANEL_GROUPS * VEC_PARTS];
        int64_t registers = 0;
        for (int64_t j = group * 16; j < (group + count) * 16; j += VW)
            if (j % b->lanes < used)
                column[registers++] = winograd_column(c, j / b->lanes, b->lane + j % b->lanes);
        winograd_inputs(c, column, registers, x, b->row / 9, rows, PANEL_ROW, X_POINT, w->x);
        for (int64_t oc = 0; oc < b->channels; oc += 16)
            for (int64_t j = 0; j < registers; j++) {
                winograd_transpose_tile(c, &column[j], dy + oc * shape_positions(c->out) * c->lanes,
                                        b->channels - oc, w->tile);
                winograd_transform_gradients(w, w->tile, w->dy + j * VW * w->width + oc);
            }
        winograd_add_products(rows, b->channels, registers * VW, w);
    }
}

void LEVEL(winograd_leaf)(const struct window *c, const struct panel_block *b, const float *x,
                          const float *dy, float *sums, float *work)
{
    struct work w;
    winograd_lay_out_leaf(work, &w);
    w.width = (b->channels + 15) / 16 * 16;
    w.dy_point = (COLUMNS + VW) * w.width + 16, w.sum_point = b->rows / 9 * w.width;
    memset(w.sums, 0, (size_t)(WINOGRAD_POINTS * w.sum_point) * sizeof *w.sums);
    dy += b->oc * shape_positions(c->out) * c->lanes;
    if (winograd_is_dense(c))
        winograd_leaf_dense(c, b, x, dy, &w);
    else
        winograd_leaf_registers(c, b, x, dy, &w);
    winograd_transform_sums(&w, b->rows / 9, sums);
}
