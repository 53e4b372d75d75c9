/* conv_blas.c - convolutions of any window as matrix products through BLAS.
 *
 * Outputs, positions x lanes, are cut into blocks of fixed shape, leaf by leaf, and the rows of their patches
 * into blocks as well, so that what a product takes and gives stays in cache. BLAS gives equal bits to
 * products of one shape, so a leaf gets the same bits in any company:
 *     forward   Y = W P          P gathered from x, Y finished as it is stored
 *     data      P = Wt dY        P added to dx, which is finished at the end
 *     weight    dW += dY Pt      for each leaf; the sums of the leaves are added as their tree */
#include "math/blas.h"
#include "math/vec/conv/blas/patches.h"
#include "math/vec/conv/tree.h"

#define BLOCK_COLUMNS 512
#define BLOCK_ROWS    256

struct products_by_blas {
    const struct window *c;
    int64_t ic, oc, depth;        /* of a group */
    int64_t leaf_lanes;           /* of a leaf */
    int64_t positions, lanes;     /* of a block, at most */
    int64_t slot;                 /* floats of a sum of weights */
    float *patches, *side, *sums; /* [rows][columns], [oc][columns], [slots][oc][rows] */
};

static int64_t blas_smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t blas_lay_out(const struct window *c, float *base, struct products_by_blas *p)
{
    *p = (struct products_by_blas){.c = c, .ic = c->in.c / c->groups, .oc = c->out.c / c->groups};
    int64_t used = 0, rows, columns;
    p->depth = p->ic * window_taps(c);
    p->leaf_lanes = c->lanes / c->leaves;
    p->lanes = blas_smaller(p->leaf_lanes, BLOCK_COLUMNS);
    p->positions = blas_smaller(BLOCK_COLUMNS / p->lanes, shape_positions(c->out));
    rows = blas_smaller(p->depth, BLOCK_ROWS);
    columns = p->positions * p->lanes;
    p->slot = (p->oc * rows + 15) / 16 * 16;
    conv_carve(base, &used, &p->patches, rows * columns);
    conv_carve(base, &used, &p->side, p->oc * columns);
    conv_carve(base, &used, &p->sums, weight_tree_slots(c) * p->slot);
    return used;
}

static int64_t blas_scratch_floats(const struct window *c)
{
    struct products_by_blas p;
    return blas_lay_out(c, NULL, &p);
}

/* Goes to the next block of a leaf's columns, from { .lanes = 0 } on; false behind the last. */
static bool blas_next_columns(const struct products_by_blas *p, int64_t leaf, struct patches *b)
{
    int64_t first = leaf * p->leaf_lanes, end = first + p->leaf_lanes;
    if (b->lanes == 0) {
        b->position = 0, b->lane = first;
    } else if (b->lane + b->lanes < end) {
        b->lane += b->lanes;
    } else {
        b->lane = first, b->position += b->positions;
    }
    b->lanes = blas_smaller(p->lanes, end - b->lane);
    b->positions = blas_smaller(p->positions, shape_positions(p->c->out) - b->position);
    return b->positions > 0;
}

/* Goes to the next block of rows, from { .rows = 0 } on; false behind the last. */
static bool blas_next_rows(const struct products_by_blas *p, struct patches *b)
{
    b->row = b->rows ? b->row + b->rows : 0;
    b->rows = blas_smaller(BLOCK_ROWS, p->depth - b->row);
    return b->rows > 0;
}

/* Of a group, whose arrays begin at the pointers. */
static void blas_forward_group(const struct products_by_blas *p, const float *weight, const float *x,
                               const struct finish *finish, float *y)
{
    for (int64_t leaf = 0; leaf < p->c->leaves; leaf++)
        for (struct patches b = {0}; blas_next_columns(p, leaf, &b);) {
            int64_t columns = patches_columns(&b);
            for (b.rows = 0; blas_next_rows(p, &b);) {
                LEVEL(patches_gather)(p->c, &b, x, p->patches);
                blas_multiply(&(struct blas_product){.m = p->oc,
                                                     .n = columns,
                                                     .k = b.rows,
                                                     .a = weight + b.row,
                                                     .a_row = p->depth,
                                                     .b = p->patches,
                                                     .b_row = columns,
                                                     .beta = b.row > 0,
                                                     .c = p->side,
                                                     .c_row = columns});
            }
            LEVEL(patches_store)(p->c, &b, p->oc, p->side, finish, y);
        }
}

static void blas_data_group(const struct products_by_blas *p, const float *weight, const float *dy, float *dx)
{
    for (int64_t leaf = 0; leaf < p->c->leaves; leaf++)
        for (struct patches b = {0}; blas_next_columns(p, leaf, &b);) {
            int64_t columns = patches_columns(&b);
            LEVEL(patches_take)(p->c, &b, p->oc, dy, p->side);
            for (b.rows = 0; blas_next_rows(p, &b);) {
                blas_multiply(&(struct blas_product){.transpose_a = true,
                                                     .m = b.rows,
                                                     .n = columns,
                                                     .k = p->oc,
                                                     .a = weight + b.row,
                                                     .a_row = p->depth,
                                                     .b = p->side,
                                                     .b_row = columns,
                                                     .c = p->patches,
                                                     .c_row = columns});
                LEVEL(patches_scatter)(p->c, &b, p->patches, dx);
            }
        }
}

/* The sums [oc][rows] of one leaf. */
static void blas_weight_leaf(const struct products_by_blas *p, struct patches b, int64_t leaf, const float *x,
                             const float *dy, float *sums)
{
    bool first = true;
    for (b.lanes = 0; blas_next_columns(p, leaf, &b); first = false) {
        int64_t columns = patches_columns(&b);
        LEVEL(patches_gather)(p->c, &b, x, p->patches);
        LEVEL(patches_take)(p->c, &b, p->oc, dy, p->side);
        blas_multiply(&(struct blas_product){.transpose_b = true,
                                             .m = p->oc,
                                             .n = b.rows,
                                             .k = columns,
                                             .a = p->side,
                                             .a_row = columns,
                                             .b = p->patches,
                                             .b_row = columns,
                                             .beta = !first,
                                             .c = sums,
                                             .c_row = b.rows});
    }
}

static void blas_weight_group(const struct products_by_blas *p, const float *x, const float *dy,
                              float *dweight)
{
    for (struct patches b = {0}; blas_next_rows(p, &b);) {
        for (int64_t leaf = 0; leaf < p->c->leaves; leaf++) {
            blas_weight_leaf(p, b, leaf, x, dy, p->sums + weight_tree_slot(leaf) * p->slot);
            weight_tree_add(p->sums, p->slot, p->slot, leaf);
        }
        for (int64_t i = 0; i < p->oc; i++)
            memcpy(dweight + i * p->depth + b.row, p->sums + i * b.rows, (size_t)b.rows * sizeof *dweight);
    }
}

/* Where the arrays of a group begin. */
static int64_t blas_input(const struct products_by_blas *p, int64_t group)
{
    return group * p->ic * shape_positions(p->c->in) * p->c->lanes;
}

static int64_t blas_output(const struct products_by_blas *p, int64_t group)
{
    return group * p->oc * shape_positions(p->c->out) * p->c->lanes;
}

static void blas_forward(const struct window *c, const float *weight, const float *x,
                         const struct finish *finish, float *y, float *scratch)
{
    struct products_by_blas p;
    blas_lay_out(c, scratch, &p);
    for (int64_t g = 0; g < c->groups; g++) {
        int64_t to = blas_output(&p, g);
        struct finish part = finish_from(finish, g * p.oc, to);
        blas_forward_group(&p, weight + g * p.oc * p.depth, x + blas_input(&p, g), &part, y + to);
    }
}

static void blas_backward_data(const struct window *c, const float *weight, const float *dy,
                               const struct finish *finish, float *dx, float *scratch)
{
    struct products_by_blas p;
    blas_lay_out(c, scratch, &p);
    int64_t plane = shape_positions(c->in) * c->lanes;
    for (int64_t i = 0; i < c->in.c; i++)
        for (int64_t j = 0; j < plane; j++) dx[i * plane + j] = finish->bias ? finish->bias[i] : 0;
    for (int64_t g = 0; g < c->groups; g++)
        blas_data_group(&p, weight + g * p.oc * p.depth, dy + blas_output(&p, g), dx + blas_input(&p, g));
    for (int64_t j = 0, end = c->in.c * plane; j < end && (finish->relu != 0 || finish->mask); j += VW) {
        int64_t count = blas_smaller(VW, end - j);
        vec_store_some(dx + j, count, finish_apply_part(finish, j, count, vec_load_some(dx + j, count)));
    }
}

static void blas_backward_weight(const struct window *c, const float *x, const float *dy, float *dweight,
                                 float *scratch)
{
    struct products_by_blas p;
    blas_lay_out(c, scratch, &p);
    for (int64_t g = 0; g < c->groups; g++)
        blas_weight_group(&p, x + blas_input(&p, g), dy + blas_output(&p, g), dweight + g * p.oc * p.depth);
}

const struct conv_way LEVEL(conv_way_blas) = {
    .takes_groups = true,
    .scratch_floats = blas_scratch_floats,
    .forward = blas_forward,
    .backward_data = blas_backward_data,
    .backward_weight = blas_backward_weight,
};
