/* test_linear.c - the products of a linear layer and sums of rows, against plain loops in double.
 *
 * A pass with several leaves must give the bits of a pass for each leaf, and a sample has the same bits in
 * any company. */
#include "exact.h"
#include "kernels.h"

/* c[i][j] = sum_k a[i * a_row + k * a_step] * b[j * b_row + k * b_step] (+ start[i]) within rounding. */
struct expected {
    int64_t rows, columns, depth, a_row, a_step, b_row, b_step;
    const float *a, *b, *start;
};

static void check_product(const struct expected *e, const float *c)
{
    for (int64_t i = 0; i < e->rows; i++)
        for (int64_t j = 0; j < e->columns; j++) {
            double sum = e->start ? e->start[i] : 0, size = fabs(sum);
            for (int64_t k = 0; k < e->depth; k++) {
                double term = (double)e->a[i * e->a_row + k * e->a_step] * e->b[j * e->b_row + k * e->b_step];
                sum += term, size += fabs(term);
            }
            CHECK_NEAR(c[i * e->columns + j], sum, FLOAT_EPSILON * size * (double)(e->depth + 2));
        }
}

struct three_products {
    float *w, *bias, *x, *dy, *y, *dx, *dw, *scratch;
};

static void run(const struct linear *l, struct three_products *p)
{
    kernels->linear_forward(l, p->w, p->bias, p->x, p->y);
    kernels->linear_backward_data(l, p->w, p->dy, p->dx);
    kernels->linear_backward_weight(l, p->x, p->dy, p->dw, p->scratch);
}

static struct three_products make(const struct linear *l)
{
    return (struct three_products){
        vector(l->in * l->out, 1),      vector(l->out, 2),
        vector(l->in * l->lanes, 3),    vector(l->out * l->lanes, 4),
        vector(l->out * l->lanes, 0),   vector(l->in * l->lanes, 0),
        vector(l->in * l->out + 16, 0), vector(kernels->linear_scratch_floats(l), 0)};
}

static void drop(struct three_products *p)
{
    mem_free(&p->w), mem_free(&p->bias), mem_free(&p->x), mem_free(&p->dy);
    mem_free(&p->y), mem_free(&p->dx), mem_free(&p->dw), mem_free(&p->scratch);
}

static void check_values(const struct linear *l)
{
    struct three_products p = make(l);
    for (int64_t i = 0; i < 16; i++) p.dw[l->in * l->out + i] = 7;
    run(l, &p);
    check_product(&(struct expected){l->out, l->lanes, l->in, l->in, 1, 1, l->lanes, p.w, p.x, p.bias}, p.y);
    check_product(&(struct expected){l->in, l->lanes, l->out, 1, l->in, 1, l->lanes, p.w, p.dy, NULL}, p.dx);
    check_product(&(struct expected){l->out, l->in, l->lanes, l->lanes, 1, l->lanes, 1, p.dy, p.x, NULL},
                  p.dw);
    for (int64_t i = 0; i < 16; i++) CHECK(p.dw[l->in * l->out + i] == 7); /* nothing beyond the matrix */
    kernels->linear_forward(l, p.w, NULL, p.x, p.y);
    check_product(&(struct expected){l->out, l->lanes, l->in, l->in, 1, 1, l->lanes, p.w, p.x, NULL}, p.y);
    drop(&p);
}

/* Copies lanes [first, first + to_lanes) of x [rows][lanes]. */
static void cut(const float *x, int64_t rows, int64_t lanes, int64_t first, int64_t to_lanes, float *to)
{
    for (int64_t r = 0; r < rows; r++)
        memcpy(to + r * to_lanes, x + r * lanes + first, (size_t)to_lanes * sizeof *to);
}

/* Adds `count` vectors of `floats` as a balanced binary tree into the first. */
static void add_tree(float *v, int64_t count, int64_t floats)
{
    for (int64_t step = 1; step < count; step *= 2)
        for (int64_t i = 0; i + step < count; i += 2 * step)
            kernels->add(floats, v + i * floats, v + (i + step) * floats, v + i * floats);
}

/* The leaves of one pass get the bits of passes of their own, and their gradients are added as a tree. */
static void check_leaves(int64_t in, int64_t out, int64_t leaf_lanes, int64_t leaves)
{
    struct linear all = {in, out, leaf_lanes * leaves, leaves}, one = {in, out, leaf_lanes, 1};
    struct three_products p = make(&all), q = make(&one);
    int64_t weights = mem_round_floats(in * out);
    float *gradients = vector(weights * leaves, 0), *part = vector((in + out) * leaf_lanes, 0);
    float *sums = vector(mem_round_floats(out) * leaves, 0), *sum = vector(out, 0);
    run(&all, &p);
    kernels->sum_rows(out, 1, all.lanes, leaves, p.dy, sum);
    for (int64_t leaf = 0; leaf < leaves; leaf++) {
        cut(p.x, in, all.lanes, leaf * leaf_lanes, leaf_lanes, q.x);
        cut(p.dy, out, all.lanes, leaf * leaf_lanes, leaf_lanes, q.dy);
        run(&one, &q);
        cut(p.y, out, all.lanes, leaf * leaf_lanes, leaf_lanes, part);
        CHECK(same(part, q.y, out * leaf_lanes));
        cut(p.dx, in, all.lanes, leaf * leaf_lanes, leaf_lanes, part);
        CHECK(same(part, q.dx, in * leaf_lanes));
        memcpy(gradients + leaf * weights, q.dw, (size_t)(in * out) * sizeof(float));
        kernels->sum_rows(out, 1, leaf_lanes, 1, q.dy, sums + leaf * mem_round_floats(out));
    }
    add_tree(gradients, leaves, weights);
    add_tree(sums, leaves, mem_round_floats(out));
    CHECK(same(gradients, p.dw, in * out));
    CHECK(same(sums, sum, out));
    drop(&p), drop(&q);
    mem_free(&gradients), mem_free(&part), mem_free(&sums), mem_free(&sum);
}

/* All three products of `lanes` samples in arrays of the exact size. */
static struct three_products run_exactly(int64_t in, int64_t out, int64_t lanes, const float *x,
                                         int64_t x_lanes, const float *dy)
{
    struct linear l = {in, out, lanes, 1};
    struct three_products p = {
        exact_vector(in * out, 1),         exact_vector(out, 2),
        with_lanes(x, in, x_lanes, lanes), with_lanes(dy, out, x_lanes, lanes),
        exact_vector(out * lanes, 3),      exact_vector(in * lanes, 3),
        exact_vector(in * out, 3),         exact_vector(kernels->linear_scratch_floats(&l), 3)};
    run(&l, &p);
    return p;
}

static void drop_exactly(struct three_products *p)
{
    free(p->w), free(p->bias), free(p->x), free(p->dy), free(p->y), free(p->dx), free(p->dw),
        free(p->scratch);
}

/* `lanes` samples against truth, and each against itself in a vector that is filled up with zeros. */
static void check_company(int64_t in, int64_t out, int64_t lanes)
{
    int64_t padded = (lanes + 15) / 16 * 16;
    float *x = exact_vector(in * lanes, 4), *dy = exact_vector(out * lanes, 5);
    struct three_products p = run_exactly(in, out, lanes, x, lanes, dy);
    struct three_products q = run_exactly(in, out, padded, x, lanes, dy);
    check_product(&(struct expected){out, lanes, in, in, 1, 1, lanes, p.w, x, p.bias}, p.y);
    check_product(&(struct expected){in, lanes, out, 1, in, 1, lanes, p.w, dy, NULL}, p.dx);
    check_product(&(struct expected){out, in, lanes, lanes, 1, lanes, 1, dy, x, NULL}, p.dw);
    CHECK(same_lanes(p.y, lanes, q.y, padded, out));
    CHECK(same_lanes(p.dx, lanes, q.dx, padded, in));
    CHECK(same(p.dw, q.dw, in * out));
    drop_exactly(&p), drop_exactly(&q);
    free(x), free(dy);
}

static void test_any_number_of_samples(void)
{
    static const int64_t sizes[][2] = {{1, 1},    {1, 9},    {7, 3},     {16, 16},   {67, 5},   {33, 67},
                                       {130, 34}, {300, 17}, {1024, 40}, {1100, 18}, {2051, 20}};
    for (int i = 0; i < 11; i++)
        for (int n = 0; n < SAMPLE_COUNTS; n++) check_company(sizes[i][0], sizes[i][1], sample_counts[n]);
}

/* A weight gradient so large that its stores bypass the caches, with rows of any alignment. */
static void test_large_gradient(void)
{
    int64_t in = 8195, out = 129;
    for (int64_t lanes = 1; lanes <= 4; lanes *= 2) {
        struct linear l = {in, out, lanes, 1};
        float *x = exact_vector(in * lanes, 4), *dy = exact_vector(out * lanes, 5);
        float *dw = exact_vector(in * out, 0);
        kernels->linear_backward_weight(&l, x, dy, dw, NULL);
        check_product(&(struct expected){out, in, lanes, lanes, 1, lanes, 1, dy, x, NULL}, dw);
        free(x), free(dy), free(dw);
    }
}

static void check_rows(int64_t positions, int64_t lanes)
{
    float *x = vector(3 * positions * lanes, 5), sums[3];
    kernels->sum_rows(3, positions, lanes, 1, x, sums);
    for (int r = 0; r < 3; r++) {
        double sum = 0;
        for (int64_t c = 0; c < positions * lanes; c++) sum += x[r * positions * lanes + c];
        CHECK_NEAR(sums[r], sum, FLOAT_EPSILON * (double)(positions * lanes));
    }
    mem_free(&x);
}

static void test_level(void)
{
    static const int64_t sizes[] = {1, 2, 7, 15, 16, 67, 130};
    for (int i = 0; i < 7; i++)
        for (int j = 0; j < 7; j++) {
            struct linear l = {sizes[i], sizes[j], 16 * (1 + (i + j) % 6), 1};
            check_values(&l);
            check_leaves(sizes[i], sizes[j], 16 * (1 + i % 2), 1 << (j % 4));
        }
    check_values(&(struct linear){1100, 3, 16,
                                  1}); /* more columns than one block of the weight gradient, more depth */
    check_leaves(1100, 300, 32, 2);
    check_leaves(1024, 13, 32,
                 4); /* rows a power of two apart: copied in the joint pass, not in a leaf's own */
    check_leaves(256, 70, 32, 8);
    check_values(&(struct linear){1024, 9, 80, 1});
    for (int64_t positions = 1; positions < 8; positions += 3)
        for (int64_t lanes = 16; lanes <= 80; lanes += 32) check_rows(positions, lanes);
}

/* Levels with fused multiply-add give the same bits. */
static void check_levels_agree(struct linear l)
{
    if (select_kernels("v4") != STATUS_OK || select_kernels("v3") != STATUS_OK) return;
    struct three_products p = make(&l);
    run(&l, &p);
    CHECK_STATUS(select_kernels("v4"), STATUS_OK);
    struct three_products q = make(&l);
    run(&l, &q);
    CHECK(same(p.y, q.y, l.out * l.lanes) && same(p.dx, q.dx, l.in * l.lanes) &&
          same(p.dw, q.dw, l.in * l.out));
    drop(&p), drop(&q);
}

static void test_levels_agree(void)
{
    check_levels_agree((struct linear){133, 41, 96, 2});
    for (int n = 0; n < SAMPLE_COUNTS; n++) check_levels_agree((struct linear){133, 41, sample_counts[n], 1});
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    for (int i = 0; i < LEVEL_NAMES; i++) {
        if (select_kernels(level_names[i]) != STATUS_OK) continue;
        CHECK_CASE(test_level());
        CHECK_CASE(test_any_number_of_samples());
        CHECK_CASE(test_large_gradient());
    }
    CHECK_CASE(test_levels_agree());
    CHECK(mem_alive() == 0);
    return check_result();
}
