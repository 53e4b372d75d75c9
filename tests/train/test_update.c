// ranks: 1 2 3 5
/* Updates against one process that computes in double what PyTorch's clip_grad_norm_, clip_grad_value_ and optimizers say,
 * from the same float32 gradients, however the ranks are cut into nodes; and the same bits for every such cut. The gradient's
 * norm has the very bits of its definition, at every rank count.
 *
 * The bound is that of float32 rounding, to first order: an element's weight is rounded at most twice in a step, and its change
 * comes from a chain of fewer than 64 roundings, each of the size of the change as it would be if nothing in it cancelled,
 * which the reference carries along. */
#include <string.h>

#include "check.h"
#include "math/kernels.h"
#include "core/mem.h"
#include "spec.h"
#include "train/update.h"

#define STEPS    4
#define LEAVES   8
#define MOST     4
#define DIVISOR  7.5
#define HALF_ULP 5.9604644775390625e-8
#define CHAIN    64

struct test {
    const char *optim;
    double lr, momentum, decay; /* as far as the optimizer has them */
    double clip_norm, clip_value;
    bool spare_biases;
    double size; /* of the gradients: a power of two, so that it goes through sums unchanged */
};

/* The gradient's norm in the small network is about 9 times `size`: each is tested above and below its limit. With small ones the
 * 1e-6 in the denominator is felt. */
static const struct test tests[] = {
    {"sgd", 0.1, 0.9, 0.1, 0, 0, false, 1},   {"sgd", 0.1, 0.9, 0.1, 2, 0, false, 1},
    {"sgd", 0.1, 0.9, 0.1, 500, 0, false, 1}, {"sgd", 100, 0, 0, 0.005, 0, false, 0x1p-10},
    {"sgd", 0.1, 0.9, 0, 0, 0.1, false, 1},   {"sgd", 0.1, 0.9, 0.1, 0, 0, true, 1},
    {"sgd", 0.1, 0.9, 0.1, 2, 0.02, true, 1}, {"rmsprop", 0.01, 0, 0, 2, 0.05, false, 1},
    {"lars", 1, 0.9, 0.1, 0, 0, false, 1},    {"lars", 1, 0.9, 0.1, 2, 0.02, true, 1},
    {"lamb", 0.1, 0, 0.1, 0, 0, false, 1},    {"lamb", 0.1, 0, 0.1, 2, 0.02, false, 1},
    {"lamb", 0.1, 0, 0.1, 2, 0.02, true, 1},
};

/* Tensors that begin inside a cell, are shorter than one, or span several; `wide`: and several buckets. */
static void describe(struct model_spec *spec, bool wide)
{
    *spec = (struct model_spec){.input = shape_2d(2, 5, 5)};
    spec_add(spec, "conv2d", 3, 3);
    spec_add(spec, "linear", 37, 0);
    spec_add(spec, "relu", 0, 0);
    if (wide) spec_add(spec, "linear", 1900, 0);
    spec_add(spec, "linear", wide ? 41 : 3, 0);
    spec_add(spec, "linear", 1, 0);
}

/* In [-1, 1), from a mixed count. */
static float gradient_of(int step, int leaf, int64_t i)
{
    uint64_t z = ((uint64_t)i * LEAVES + (uint64_t)leaf) * STEPS + (uint64_t)step + 1;
    z *= 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 31)) * 0xbf58476d1ce4e5b9;
    return (float)(int32_t)(z >> 32) * 0x1p-31f;
}

static float tree_sum(int step, int lo, int hi, int64_t i)
{
    if (hi - lo == 1) return gradient_of(step, lo, i);
    int left = 1;
    while (left * 2 < hi - lo) left *= 2;
    return tree_sum(step, lo, lo + left, i) + tree_sum(step, lo + left, hi, i);
}

/* One element of the reference; `size` is what `slot` or the gradient would be if nothing cancelled. */
struct element {
    double w, slot[2], g, g_size, slot_size, bound;
};

struct reference {
    const struct test *test;
    const struct model *model;
    struct element *of; /* [floats] */
    double norm;        /* of the last gradient, before clipping */
    double exact;       /* the same, as the update adds it up */
    int step;
};

/* Adds the squares of a tensor's sums, by cells, the elements of a cell in 16 lanes. */
static void add_pieces(struct reference *r, const struct tensor *t)
{
    int64_t end = t->offset + tensor_count(t);
    for (int64_t first = t->offset, next; first < end; first = next) {
        next = (first / SYNC_CELL + 1) * SYNC_CELL;
        double lanes[16] = {0}, piece = 0;
        for (int64_t i = first; i < next && i < end; i++) {
            double g = (double)((float)r->test->size * tree_sum(r->step, 0, LEAVES, i));
            lanes[(i - first) % 16] += g * g;
        }
        for (int lane = 0; lane < 16; lane++) piece += lanes[lane];
        r->exact += piece;
    }
}

static void load_gradient(struct reference *r, const struct tensor *t)
{
    for (int64_t i = t->offset; i < t->offset + tensor_count(t); i++) {
        struct element *e = &r->of[i];
        e->g = (double)((float)r->test->size * tree_sum(r->step, 0, LEAVES, i)) / DIVISOR;
        e->g_size = 0;
        for (int v = 0; v < LEAVES; v++)
            e->g_size += fabs((double)gradient_of(r->step, v, i)) * r->test->size / DIVISOR;
        r->norm += e->g * e->g;
    }
}

static void clip(struct reference *r, const struct tensor *t)
{
    double factor = r->test->clip_norm > 0 ? r->test->clip_norm / (r->norm + 1e-6) : 1;
    double bound = r->test->clip_value > 0 ? r->test->clip_value : INFINITY;
    for (int64_t i = t->offset; i < t->offset + tensor_count(t); i++) {
        struct element *e = &r->of[i];
        e->g *= factor < 1 ? factor : 1;
        e->g_size *= factor < 1 ? factor : 1;
        e->g = fmin(fmax(e->g, -bound), bound);
    }
}

/* Moves the weight by -change. */
static void move(struct element *e, double change, double size)
{
    e->bound += HALF_ULP * (2 * fabs(e->w) + CHAIN * size);
    e->w -= change;
}

static void take_momentum(const struct test *test, struct element *e, double g, double g_size)
{
    e->slot[0] = test->momentum * e->slot[0] + g;
    e->slot_size = test->momentum * e->slot_size + g_size;
}

static void update_sgd(const struct test *test, struct element *e, double decay)
{
    take_momentum(test, e, e->g + decay * e->w, e->g_size + decay * fabs(e->w));
    move(e, test->lr * e->slot[0], test->lr * e->slot_size);
}

static void update_rmsprop(const struct test *test, struct element *e)
{
    e->slot[0] += (1 - 0.99) * (e->g * e->g - e->slot[0]);
    double root = sqrt(e->slot[0]) + 1e-8;
    move(e, test->lr * e->g / root, test->lr * e->g_size / root);
}

static void update_lars(const struct test *test, struct element *e, double decay, const double norms[2])
{
    double w = sqrt(norms[0]), g = sqrt(norms[1]), ratio = 0.001 * w / (g + decay * w + 1e-8);
    double rate = test->lr * (w == 0 ? 1 : ratio);
    take_momentum(test, e, rate * (e->g + decay * e->w), rate * (e->g_size + decay * fabs(e->w)));
    move(e, e->slot[0], e->slot_size);
}

static double lamb_direction(const struct element *e, double decay, int step, double *size)
{
    double mean_scale = 1 / (1 - pow(0.9, step + 1)),
           root = sqrt(e->slot[1] / (1 - pow(0.999, step + 1))) + 1e-6;
    *size = e->slot_size * mean_scale / root + decay * fabs(e->w);
    return e->slot[0] * mean_scale / root + decay * e->w;
}

static void update_lamb(const struct test *test, struct element *e, double decay, int step,
                        const double norms[2])
{
    double size, d = lamb_direction(e, decay, step, &size);
    double rate = test->lr * (norms[0] == 0 ? 1 : sqrt(norms[0] / norms[1]));
    move(e, rate * d, rate * size);
}

/* What one element adds to the squares of its tensor's norms; moves LAMB's means. */
static void measure(const struct reference *r, struct element *e, double decay, double norms[2])
{
    double size, second = e->g;
    if (strcmp(r->test->optim, "lamb") == 0) {
        e->slot[0] += (1 - 0.9) * (e->g - e->slot[0]);
        e->slot[1] += (1 - 0.999) * (e->g * e->g - e->slot[1]);
        e->slot_size += (1 - 0.9) * (e->g_size - e->slot_size);
        second = lamb_direction(e, decay, r->step, &size);
    }
    norms[0] += e->w * e->w;
    norms[1] += second * second;
}

static void update_tensor(struct reference *r, const struct tensor *t)
{
    const struct test *test = r->test;
    bool spared = test->spare_biases && t->rank == 1;
    double norms[2] = {0}, decay = spared ? 0 : test->decay;
    struct element *first = r->of + t->offset, *end = first + tensor_count(t);
    for (struct element *e = first; e < end; e++) measure(r, e, decay, norms);
    if (spared) norms[0] = norms[1] = 0; /* no decay and a ratio of 1: the recipe for large batches */
    for (struct element *e = first; e < end; e++)
        if (strcmp(test->optim, "sgd") == 0)
            update_sgd(test, e, decay);
        else if (strcmp(test->optim, "rmsprop") == 0)
            update_rmsprop(test, e);
        else if (strcmp(test->optim, "lars") == 0)
            update_lars(test, e, decay, norms);
        else
            update_lamb(test, e, decay, r->step, norms);
}

static void each_tensor(struct reference *r, void (*visit)(struct reference *r, const struct tensor *t))
{
    for (int i = 0; i < model_layer_count(r->model); i++)
        for (int t = 0; t < model_layer(r->model, i)->tensor_count; t++)
            visit(r, &model_layer(r->model, i)->tensors[t]);
}

static void take_reference_step(struct reference *r, int step)
{
    r->step = step;
    r->norm = r->exact = 0;
    each_tensor(r, load_gradient);
    each_tensor(r, add_pieces);
    r->norm = sqrt(r->norm);
    r->exact = sqrt(r->exact) * (1 / DIVISOR);
    each_tensor(r, clip);
    each_tensor(r, update_tensor);
}

static void fill(void *self, float *params)
{
    model_init_params(self, 5, params);
}

/* The gaps between tensors stay zero, as those of a model do. */
struct source {
    const struct test *test;
    float *gradient;
    struct tree_node group;
    int step;
};

static void write_tensor(struct source *s, const struct tensor *t)
{
    for (int64_t i = t->offset; i < t->offset + tensor_count(t); i++)
        s->gradient[i] = (float)s->test->size * tree_sum(s->step, s->group.lo, s->group.hi, i);
}

static void run_groups(struct sync *sync, const struct model *m, const struct test *test, int step)
{
    struct loss_sums sums[MOST] = {{0}};
    for (struct tree_node g = sync_group(sync); g.lo < g.hi; g = sync_group(sync)) {
        struct source s = {.test = test, .gradient = sync_gradient(sync), .group = g, .step = step};
        for (int i = 0; i < model_layer_count(m); i++)
            for (int t = 0; t < model_layer(m, i)->tensor_count; t++)
                write_tensor(&s, &model_layer(m, i)->tensors[t]);
        sync_group_done(sync, sums);
    }
}

static struct config configure(const struct test *test)
{
    struct config c = {.optim = optim_find(test->optim),
                       .clip_norm = test->clip_norm,
                       .clip_value = test->clip_value,
                       .decay_biases = !test->spare_biases};
    arg_values_defaults(c.optim->args, &c.optim_args);
    int momentum = arg_find(c.optim->args, "momentum"), decay = arg_find(c.optim->args, "weight_decay");
    c.optim_args.of[0] = test->lr;
    if (momentum >= 0) c.optim_args.of[momentum] = test->momentum;
    c.optim_args.of[decay] = test->decay;
    return c;
}

/* How a run is cut. */
struct cut {
    int64_t ranks_per_node;
    int most;
    bool tree;
};

/* The squares of norms that a run has measured. */
struct trail {
    double of[STEPS][16][OPTIM_NORMS];
};

/* STEPS updates; leaves the parameters in `params` [floats]. */
static void run(struct comm *comm, struct model *m, const struct test *test, struct cut cut,
                const double norms[STEPS], float *params, struct trail *trail)
{
    struct config config = configure(test);
    struct sync *s = NULL;
    struct update u;
    CHECK_STATUS(comm_split_nodes(comm, cut.ranks_per_node), STATUS_OK);
    CHECK_STATUS(
        sync_create(&s, comm, model_param_floats(m), config.optim->slots, LEAVES, cut.most, cut.tree),
        STATUS_OK);
    CHECK_STATUS(update_create(&u, &config, m, s), STATUS_OK);
    sync_fill_params(s, fill, m);
    uint64_t allocations = mem_allocations();
    for (int step = 0; step < STEPS; step++) {
        run_groups(s, m, test, step);
        sync_collect(s);
        update_apply(&u, test->lr, step, DIVISOR);
        if (test->clip_norm > 0)
            CHECK_NEAR(u.gradient_norm, norms[step], cut.tree ? 0 : norms[step] * LEAVES * HALF_ULP);
        for (int64_t t = 0; t < u.tensor_count; t++)
            memcpy(trail->of[step][t], u.tensors[t].norms, sizeof trail->of[step][t]);
    }
    CHECK(mem_allocations() == allocations);
    memcpy(params, sync_params(s), (size_t)model_param_floats(m) * sizeof *params);
    comm_barrier(comm);
    update_destroy(&u);
    sync_destroy(&s);
}

static void check_params(const struct reference *r, const float *params)
{
    double worst = 0; /* share of the bound */
    for (int64_t i = 0; i < model_param_floats(r->model); i++) {
        double apart = fabs((double)params[i] - r->of[i].w);
        worst = fmax(worst, isfinite(apart) ? apart / (r->of[i].bound + 1e-300) : INFINITY);
    }
    CHECK_NEAR(worst, 0, 1);
}

/* The reference after all steps, and the norms of their gradients. */
static void compute(struct reference *r, double norms[STEPS], float *start)
{
    model_init_params(r->model, 5, start);
    for (int64_t i = 0; i < model_param_floats(r->model); i++) r->of[i] = (struct element){.w = start[i]};
    for (int step = 0; step < STEPS; step++) {
        take_reference_step(r, step);
        norms[step] = r->exact;
        CHECK_NEAR(r->exact, r->norm, 1e-13 * r->norm);
    }
}

static void check(struct comm *comm, const struct test *test, bool wide)
{
    static const struct cut cuts[] = {{0, 1, true}, {0, MOST, true}, {1, MOST, true},
                                      {2, 1, true}, {3, MOST, true}, {0, 1, false}};
    struct model_spec spec;
    struct reference r = {.test = test};
    struct model *m = NULL;
    float *first, *params;
    double norms[STEPS];
    static struct trail first_trail, trail;
    describe(&spec, wide);
    CHECK_STATUS(model_create(&m, &spec, 16, 1), STATUS_OK);
    r.model = m;
    size_t count = (size_t)model_param_floats(m);
    CHECK_STATUS(mem_alloc(&r.of, count, sizeof *r.of, "test"), STATUS_OK);
    CHECK_STATUS(mem_alloc(&first, count, sizeof *first, "test"), STATUS_OK);
    CHECK_STATUS(mem_alloc(&params, count, sizeof *params, "test"), STATUS_OK);
    compute(&r, norms, params);
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        run(comm, m, test, cuts[i], norms, i == 0 ? first : params, i == 0 ? &first_trail : &trail);
        check_params(&r, i == 0 ? first : params);
        if (i == 0 || !cuts[i].tree) continue;
        CHECK(memcmp(first, params, count * sizeof *first) == 0);
        CHECK(memcmp(&first_trail, &trail, sizeof trail) == 0);
    }
    mem_free(&r.of), mem_free(&first), mem_free(&params);
    model_destroy(&m);
}

int main(int argc, char **argv)
{
    struct comm *comm;
    CHECK_STATUS(comm_create(&comm, &argc, &argv), STATUS_OK);
    CHECK_STATUS(kernels_select("auto"), STATUS_OK);
    size_t count = sizeof tests / sizeof *tests;
    for (size_t i = 0; i < count; i++) check(comm, &tests[i], false);
    check(comm, &tests[6], true);
    check(comm, &tests[count - 1], true);
    comm_destroy(&comm);
    CHECK(mem_alive() == 0);
    return check_result();
}
