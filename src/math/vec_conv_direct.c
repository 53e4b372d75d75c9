/* vec_conv.c - convolution with the batch innermost: forward pass and input gradient.
 *
 * Columns are positions x lanes. Two ways through a plane, chosen by a fixed rule on shapes:
 *   direct  stride 1, no padding: the columns of an output row lie side by side in the input as well, so tap k
 *           is just an offset and the tiles read and write the activations themselves;
 *   packed  anything else, and many input channels (where direct reads walk memory in large strides): the
 *           patches of J columns are copied into a contiguous panel [k][J], zeros where the window hangs over. */
#include "math/vec_patch.h"

#define DIRECT_CHANNELS 16 /* more input channels than this are packed in the forward pass */

static int64_t plane_columns(const struct window *c) /* in registers */
{
    return c->out.h * c->out.w * c->lanes / VW;
}

/* Scratch, in floats:
 *   packed   weights in tiles                      depth or OC rounded up to a tile, times the other
 *   panel    patches or gradients of J columns     max(depth, OC) x J x VW
 *   result   gradients of patches                  depth rounded up x J x VW
 *   offsets  int64 tables                          2 x (depth + OC) plus a tile */
struct scratch {
    float *packed, *panel, *result;
    int64_t *b_offset, *c_offset;
};

static int64_t scratch_layout(const struct window *c, float *base, struct scratch *s)
{
    int64_t depth = depth_of(c), oc = c->out.c, most = (depth > oc ? depth : oc) + TILE_MAX_M;
    int64_t used = 0;
    float *b_offset, *c_offset;
    carve(base, &used, &s->packed, (depth + TILE_MAX_M) * (oc + TILE_MAX_M));
    carve(base, &used, &s->panel, most * TILE_MAX_J * VW);
    carve(base, &used, &s->result, most * TILE_MAX_J * VW);
    carve(base, &used, &b_offset, 2 * most);
    carve(base, &used, &c_offset, 2 * most);
    s->b_offset = (int64_t *)(void *)b_offset;
    s->c_offset = (int64_t *)(void *)c_offset;
    return used;
}

int64_t LEVEL(direct_scratch_floats)(const struct window *c)
{
    struct scratch s;
    return scratch_layout(c, NULL, &s);
}

/* The transpose of pack_patches: adds the panel, whose taps are in reverse order, back to where it came from.
 */
static void add_patches(const struct window *c, const float *panel, const struct patch *patch,
                        int64_t registers, float *dx)
{
    for (int64_t ic = c->in.c - 1; ic >= 0; ic--)
        for (int64_t ky = c->kernel - 1; ky >= 0; ky--)
            for (int64_t kx = c->kernel - 1; kx >= 0; kx--, panel += registers * VW)
                for (int64_t j = 0; j < registers; j++) {
                    int64_t to = patch_tap(c, &patch[j], ic, ky, kx);
                    if (to >= 0) vec_store(dx + to, vec_load(dx + to) + vec_load(panel + j * VW));
                }
}

/* Packs matrix [rows][depth], stored with the given strides, into tiles [rows / m][depth][m]. */
static void pack_tiles(const float *matrix, int64_t rows, int64_t depth, int64_t row_stride,
                       int64_t depth_stride, int m, float *packed)
{
    for (int64_t first = 0; first < rows; first += m)
        for (int64_t k = 0; k < depth; k++)
            for (int64_t i = first; i < first + m; i++)
                *packed++ = i < rows ? matrix[i * row_stride + k * depth_stride] : 0;
}

static void forward_direct(const struct window *c, const struct scratch *s, struct tile_shape shape,
                           const float *bias, const float *x, float *y)
{
    int64_t depth = depth_of(c), columns = c->out.w * c->lanes / VW;
    tap_offsets(c, s->b_offset);
    for (int64_t oy = 0; oy < c->out.h; oy++)
        for (int64_t column = 0; column < columns; column += shape.j) {
            int64_t left = columns - column;
            for (int64_t oc = 0; oc < c->out.c; oc += shape.m) {
                struct tile t = {.depth = depth,
                                 .a = s->packed + oc * depth,
                                 .b = x + oy * c->in.w * c->lanes + column * VW,
                                 .b_offset = s->b_offset,
                                 .c = y + oy * c->out.w * c->lanes + column * VW,
                                 .c_offset = s->c_offset + oc,
                                 .rows = (int)(c->out.c - oc < shape.m ? c->out.c - oc : shape.m),
                                 .bias = bias ? bias + oc : NULL};
                LEVEL(tile_run)(shape.m, left < shape.j ? left : shape.j, &t);
            }
        }
}

static void forward_packed(const struct window *c, const struct scratch *s, struct tile_shape shape,
                           const float *bias, const float *x, float *y)
{
    int64_t depth = depth_of(c), columns = plane_columns(c);
    for (int64_t column = 0; column < columns; column += shape.j) {
        int64_t registers = columns - column < shape.j ? columns - column : shape.j;
        struct patch patch[TILE_MAX_J];
        patches_of(c, column, registers, VW, patch);
        pack_patches(c, x, patch, registers, VW, registers * VW, s->panel);
        even_offsets(depth, registers * VW, s->b_offset);
        for (int64_t oc = 0; oc < c->out.c; oc += shape.m) {
            struct tile t = {.depth = depth,
                             .a = s->packed + oc * depth,
                             .b = s->panel,
                             .b_offset = s->b_offset,
                             .c = y + column * VW,
                             .c_offset = s->c_offset + oc,
                             .rows = (int)(c->out.c - oc < shape.m ? c->out.c - oc : shape.m),
                             .bias = bias ? bias + oc : NULL};
            LEVEL(tile_run)(shape.m, registers, &t);
        }
    }
}

void LEVEL(direct_forward)(const struct window *c, const float *weight, const float *bias, const float *x,
                           float *y, float *scratch)
{
    struct scratch s;
    scratch_layout(c, scratch, &s);
    int64_t depth = depth_of(c);
    struct tile_shape shape = LEVEL(tile_shape_for)(c->out.c);
    pack_tiles(weight, c->out.c, depth, depth, 1, shape.m, s.packed);
    even_offsets(c->out.c, c->out.h * c->out.w * c->lanes, s.c_offset);
    if (slides(c) && c->in.c <= DIRECT_CHANNELS)
        forward_direct(c, &s, shape, bias, x, y);
    else
        forward_packed(c, &s, shape, bias, x, y);
}

/* Copies J registers of all output channels' gradients side by side: panel [OC][J]. */
static void pack_gradients(const struct window *c, const float *dy, int64_t registers, float *panel)
{
    int64_t plane = c->out.h * c->out.w * c->lanes;
    for (int64_t oc = 0; oc < c->out.c; oc++)
        for (int64_t j = 0; j < registers; j++)
            vec_store(panel + (oc * registers + j) * VW, vec_load(dy + oc * plane + j * VW));
}

/* All taps of `registers` columns whose gradients are packed: to dx itself, or to the result panel. */
static void spread_taps(const struct window *c, const struct scratch *s, struct tile_shape shape,
                        int64_t registers, float *to, int add)
{
    int64_t depth = depth_of(c);
    even_offsets(c->out.c, registers * VW, s->b_offset);
    for (int64_t k = 0; k < depth; k += shape.m) {
        struct tile t = {.depth = c->out.c,
                         .a = s->packed + k * c->out.c,
                         .b = s->panel,
                         .b_offset = s->b_offset,
                         .c = to,
                         .c_offset = s->c_offset + k,
                         .rows = (int)(depth - k < shape.m ? depth - k : shape.m),
                         .add = add};
        LEVEL(tile_run)(shape.m, registers, &t);
    }
}

static void reverse(int64_t *offset, int64_t count)
{
    for (int64_t i = 0, j = count - 1; i < j; i++, j--) {
        int64_t swap = offset[i];
        offset[i] = offset[j];
        offset[j] = swap;
    }
}

/* Each column's gradient times each weight lands on the input element under that tap. An element receives
 * from the columns in order: they are walked in order, and within a tile the taps go from last to first,
 * because the later the tap the earlier the column. So the width of a tile does not touch the order of the
 * additions. */
void LEVEL(direct_backward_data)(const struct window *c, const float *weight, const float *dy, float *dx,
                                 float *scratch)
{
    struct scratch s;
    scratch_layout(c, scratch, &s);
    int64_t depth = depth_of(c);
    struct tile_shape shape = LEVEL(tile_shape_for)(depth);
    pack_tiles(weight + depth - 1, depth, c->out.c, -1, depth, shape.m, s.packed);
    memset(dx, 0, (size_t)(shape_features(c->in) * c->lanes) * sizeof *dx);

    /* Where it slides, an output row is walked alone, because the next one starts elsewhere in the input. */
    int64_t runs = slides(c) ? c->out.h : 1, columns = plane_columns(c) / runs;
    if (slides(c)) {
        tap_offsets(c, s.c_offset);
        reverse(s.c_offset, depth);
    }
    for (int64_t run = 0; run < runs; run++)
        for (int64_t column = 0; column < columns; column += shape.j) {
            int64_t registers = columns - column < shape.j ? columns - column : shape.j;
            pack_gradients(c, dy + (run * columns + column) * VW, registers, s.panel);
            if (slides(c)) {
                spread_taps(c, &s, shape, registers, dx + run * c->in.w * c->lanes + column * VW, 1);
                continue;
            }
            struct patch patch[TILE_MAX_J];
            even_offsets(depth, registers * VW, s.c_offset);
            spread_taps(c, &s, shape, registers, s.result, 0);
            patches_of(c, column, registers, VW, patch);
            add_patches(c, s.result, patch, registers, dx);
        }
}
