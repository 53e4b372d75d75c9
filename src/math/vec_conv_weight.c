/* vec_conv_weight.c - the weight gradient of a convolution: for every weight a sum over all columns, kept in
 * 16 lanes that are added up once at the end. */
#include "math/vec_patch.h"

#define OUTER_BYTES   (512 * 1024) /* activations of one group of rows: half an L2 cache */
#define OUTER_COLUMNS 48           /* groups of 16 columns packed at once */

/* Scratch, in floats:
 *   sums     16 lanes for every weight             OC x depth x 16
 *   patches  columns of some positions             depth x OUTER_COLUMNS x 16, unless it slides
 *   offsets  int64 tables                          2 x depth, 2 x OC */
struct weight_scratch {
    float *sums, *patches;
    int64_t *x_offset, *dy_offset;
};

static int64_t scratch_layout(const struct window *c, float *base, struct weight_scratch *s)
{
    int64_t depth = depth_of(c), used = 0;
    float *x_offset, *dy_offset;
    carve(base, &used, &s->sums, c->out.c * depth * 16);
    carve(base, &used, &s->patches, slides(c) ? 0 : depth * OUTER_COLUMNS * 16);
    carve(base, &used, &x_offset, 2 * depth);
    carve(base, &used, &dy_offset, 2 * c->out.c);
    s->x_offset = (int64_t *)(void *)x_offset;
    s->dy_offset = (int64_t *)(void *)dy_offset;
    return used;
}

int64_t LEVEL(conv_weight_scratch_floats)(const struct window *c)
{
    struct weight_scratch s;
    return scratch_layout(c, NULL, &s);
}

/* The tile of M rows (all of them or one) and up to TILE_OUTER_T taps. */
VEC_INLINE void outer_tile(const int M, int64_t taps, const struct outer *o)
{
    if (taps >= TILE_OUTER_T)
        tile_outer(M, TILE_OUTER_T, o);
    else if (TILE_OUTER_T > 3 && taps == 3)
        tile_outer(M, 3, o);
    else if (TILE_OUTER_T > 2 && taps == 2)
        tile_outer(M, 2, o);
    else
        tile_outer(M, 1, o);
}

/* Runs all tiles of the weight gradient over one group of columns; `o` gives the columns. */
static void outer_tiles(const struct window *c, const struct weight_scratch *s, struct outer *o)
{
    int64_t depth = depth_of(c);
    o->m_stride = depth * 16;
    for (int64_t oc = 0; oc < c->out.c;) {
        bool full = c->out.c - oc >= TILE_OUTER_M;
        o->dy_offset = s->dy_offset + oc;
        for (int64_t k = 0; k < depth; k += TILE_OUTER_T) {
            o->x_offset = s->x_offset + k;
            o->sums = s->sums + (oc * depth + k) * 16;
            if (full)
                outer_tile(TILE_OUTER_M, depth - k, o);
            else
                outer_tile(1, depth - k, o);
        }
        oc += full ? TILE_OUTER_M : 1;
    }
}

static void outer_direct(const struct window *c, const struct weight_scratch *s, const float *x,
                         const float *dy)
{
    int64_t row_bytes = (c->out.c * c->out.w + c->in.c * c->in.w) * c->lanes * 4;
    int64_t group = OUTER_BYTES / row_bytes > 1 ? OUTER_BYTES / row_bytes : 1;
    tap_offsets(c, s->x_offset);
    for (int64_t oy = 0; oy < c->out.h; oy += group) {
        struct outer o = {.dy = dy + oy * c->out.w * c->lanes,
                          .x = x + oy * c->in.w * c->lanes,
                          .lines = c->out.h - oy < group ? c->out.h - oy : group,
                          .columns = c->out.w * c->lanes / 16,
                          .dy_line = c->out.w * c->lanes,
                          .x_line = c->in.w * c->lanes};
        outer_tiles(c, s, &o);
    }
}

static void outer_packed(const struct window *c, const struct weight_scratch *s, const float *x,
                         const float *dy)
{
    int64_t columns = c->out.h * c->out.w * c->lanes / 16;
    for (int64_t column = 0; column < columns; column += OUTER_COLUMNS) {
        int64_t count = columns - column < OUTER_COLUMNS ? columns - column : OUTER_COLUMNS;
        struct patch patch[OUTER_COLUMNS];
        patches_of(c, column, count, 16, patch);
        pack_patches(c, x, patch, count, 16, count * 16, s->patches);
        even_offsets(depth_of(c), count * 16, s->x_offset);
        struct outer o = {.dy = dy + column * 16, .x = s->patches, .lines = 1, .columns = count};
        outer_tiles(c, s, &o);
    }
}

void LEVEL(conv_backward_weight)(const struct window *c, const float *x, const float *dy, float *dweight,
                                 float *scratch)
{
    struct weight_scratch s;
    scratch_layout(c, scratch, &s);
    int64_t weights = c->out.c * depth_of(c);
    memset(s.sums, 0, (size_t)(weights * 16) * sizeof *s.sums);
    even_offsets(c->out.c, c->out.h * c->out.w * c->lanes, s.dy_offset);
    if (slides(c))
        outer_direct(c, &s, x, dy);
    else
        outer_packed(c, &s, x, dy);
    for (int64_t i = 0; i < weights; i++) dweight[i] = vec_sum16(s.sums + i * 16);
}
