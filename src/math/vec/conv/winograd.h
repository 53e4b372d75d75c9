/* winograd.h - convolutions of 3x3 windows at stride 1 by Winograd's minimal filtering F(2x2, 3x3), in depth as
 * well: the taps of depth are further terms of the sum over channels.
 *
 * The plane is cut into tiles of 2x2 outputs, each seeing 4x4 inputs (Lavin & Gray, "Fast algorithms for
 * convolutional neural networks", 2015):
 *     Y = At [ (G g Gt) * (Bt d B) ] A,    Bt = 1  0 -1  0   G = 1   0   0   At = 1 1  1  0
 *                                               0  1  1  0      .5  .5  .5        0 1 -1 -1
 *                                               0 -1  1  0      .5 -.5  .5
 *                                               0  1  0 -1      0   0   1
 * where * is a product point by point: 16 multiplications instead of 36. Over channels it becomes 16 matrix
 * products, one per point. The samples of a batch lie side by side, so all transforms of activations are
 * additions of whole vectors. The factors are 0, 1 and 1/2: in float32 the result is as good as that of the
 * direct sum.
 *
 * A column is a tile of one sample. Where the lanes of a tile fill whole registers (leaves of a multiple of 16
 * lanes), inputs are read and outputs written in place. Any other number of lanes is dense: registers run along
 * tiles x lanes, and only the copies know where a position ends: they split rows of the input into even and odd
 * positions (weave.h), and join those of the output. */
#ifndef MATH_VEC_CONV_WINOGRAD_H
#define MATH_VEC_CONV_WINOGRAD_H

#include "math/vec/conv/conv.h"

#define WINOGRAD_POINTS 16

static inline bool winograd_is_dense(const struct window *c)
{
    return c->lanes / c->leaves % 16 != 0;
}

static inline int64_t winograd_tiles(const struct shape *out)
{
    return out->d[AXIS_D] * ((out->d[AXIS_H] + 1) / 2) * ((out->d[AXIS_W] + 1) / 2);
}

/* Returns how many terms a sum has: input channels x taps of depth, in this order. */
static inline int64_t winograd_terms(const struct window *c)
{
    return c->in.c * c->kernel[AXIS_D];
}

/* A register of a tile's lanes: the place of its 4x4 inputs in the first plane it sees. Bit 4 * i + j of `exists`
 * says whether input (i, j) is inside. */
struct winograd_column {
    int64_t z, y, x, lane; /* of the tile's outputs */
    int64_t unused;        /* lanes behind it without samples */
    int64_t from;
    uint32_t exists;
};

static inline struct winograd_column winograd_column(const struct window *c, int64_t tile, int64_t lane)
{
    int64_t down = (c->out.d[AXIS_H] + 1) / 2, across = (c->out.d[AXIS_W] + 1) / 2;
    struct winograd_column t = {
        .z = tile / across / down, .y = tile / across % down * 2, .x = tile % across * 2, .lane = lane};
    int64_t top = t.y - c->pad_before[AXIS_H], left = t.x - c->pad_before[AXIS_W];
    int64_t above = (t.z - c->pad_before[AXIS_D]) * c->in.d[AXIS_H];
    t.from = ((above + top) * c->in.d[AXIS_W] + left) * c->lanes + t.lane;
    for (int i = 0; i < 16; i++) {
        int64_t y = top + i / 4, x = left + i % 4;
        if (y >= 0 && y < c->in.d[AXIS_H] && x >= 0 && x < c->in.d[AXIS_W]) t.exists |= 1u << i;
    }
    return t;
}

/* Bt d B, in place. */
VEC_INLINE void winograd_transform_input(vec d[4][4]){
#define WINOGRAD_BT(a, b, c, d)                                                                              \
    {                                                                                                        \
        vec t0 = a - c, t1 = b + c, t2 = c - b, t3 = b - d;                                                  \
        a = t0, b = t1, c = t2, d = t3;                                                                      \
    }
    VEC_EACH (j, 4) WINOGRAD_BT(d[0][j], d[1][j], d[2][j], d[3][j]) VEC_EACH (i, 4)
        WINOGRAD_BT(d[i][0], d[i][1], d[i][2], d[i][3])
#undef WINOGRAD_BT
}

/* Bt d B of the 4x4 inputs at `from`, `row` and `lanes` floats apart, to points `point` floats apart. Rows of the result
 * are computed one by one, so that everything stays in registers. */
VEC_INLINE void winograd_input(const float *from, int64_t row, int64_t lanes, int64_t point, float *to)
{
    const float *a = from, *b = a + row, *c = b + row, *d = c + row;
    vec t[4];
#define WINOGRAD_ROW(statement)                                                                              \
    VEC_EACH (j, 4) t[j] = statement;                                                                        \
    vec_store(to, t[0] - t[2]), to += point;                                                                 \
    vec_store(to, t[1] + t[2]), to += point;                                                                 \
    vec_store(to, t[2] - t[1]), to += point;                                                                 \
    vec_store(to, t[1] - t[3]), to += point;
    WINOGRAD_ROW(vec_load(a + j * lanes) - vec_load(c + j * lanes))
    WINOGRAD_ROW(vec_load(b + j * lanes) + vec_load(c + j * lanes))
    WINOGRAD_ROW(vec_load(c + j * lanes) - vec_load(b + j * lanes))
    WINOGRAD_ROW(vec_load(b + j * lanes) - vec_load(d + j * lanes))
#undef WINOGRAD_ROW
}

/* The same where some of the inputs are padding, zeros. */
VEC_INLINE void winograd_input_edge(const float *from, int64_t row, int64_t lanes, uint32_t exists,
                                    int64_t point, float *to)
{
    vec d[4][4];
    VEC_EACH (i, 4)
        VEC_EACH (j, 4) d[i][j] = exists >> (4 * i + j) & 1 ? vec_load(from + i * row + j * lanes) : (vec){0};
    winograd_transform_input(d);
    VEC_EACH (p, WINOGRAD_POINTS) vec_store(to + p * point, d[p / 4][p % 4]);
}

/* At M A of a register of columns and one output channel. */
VEC_INLINE void winograd_transform_output(const float *m, int64_t point_floats, vec out[2][2])
{
    vec half[2][4];
    VEC_EACH (i, 4) {
        vec a = vec_load_any(m + i * point_floats), b = vec_load_any(m + (4 + i) * point_floats),
            c = vec_load_any(m + (8 + i) * point_floats), d = vec_load_any(m + (12 + i) * point_floats);
        half[0][i] = a + b + c;
        half[1][i] = b - c - d;
    }
    VEC_EACH (i, 2) {
        out[i][0] = half[i][0] + half[i][1] + half[i][2];
        out[i][1] = half[i][1] - half[i][2] - half[i][3];
    }
}

/* Fetches inputs of the next channel, whose lines no prefetcher foresees. */
VEC_INLINE void winograd_expect(const float *from, int64_t row, int64_t lanes)
{
    VEC_EACH (i, 4)
        VEC_EACH (j, 4) __builtin_prefetch(from + i * row + j * lanes);
}

/* The transformed inputs of `registers` columns for terms [first, first + count) of winograd_terms, to panels
 * [16][count][registers]: terms are `panel_row` floats apart, points `panel_point`. */
VEC_INLINE void winograd_inputs(const struct window *c, const struct winograd_column *column,
                                int64_t registers, const float *x, int64_t first, int64_t count,
                                int64_t panel_row, int64_t panel_point, float *panel)
{
    int64_t lanes = c->lanes, row = c->in.d[AXIS_W] * lanes, plane = c->in.d[AXIS_H] * row;
    int64_t depth = c->in.d[AXIS_D], taps = c->kernel[AXIS_D];
    for (int64_t k = first; k < first + count; k++, panel += panel_row) {
        const float *from = x + (k / taps * depth + k % taps) * plane;
        for (int64_t j = 0; j < registers; j++) {
            int64_t z = column[j].z - c->pad_before[AXIS_D] + k % taps;
            uint32_t exists = z >= 0 && z < depth ? column[j].exists : 0;
            if (j % VEC_PARTS == 0) winograd_expect(from + depth * plane + column[j].from, row, lanes);
            if (exists == 0xffff)
                winograd_input(from + column[j].from, row, lanes, panel_point, panel + j * VW);
            else
                winograd_input_edge(from + column[j].from, row, lanes, exists, panel_point, panel + j * VW);
        }
    }
}

/* winograd_weight.c: computes the sums of one leaf for a block of the weight gradient, laid out as those of
 * panel_leaf; work: winograd_leaf_floats(). */
struct panel_block;
void LEVEL(winograd_leaf)(const struct window *c, const struct panel_block *b, const float *x,
                          const float *dy, float *sums, float *work);
int64_t LEVEL(winograd_leaf_floats)(void);

#endif
