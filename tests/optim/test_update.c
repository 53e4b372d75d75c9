/* Updates against one process that computes in double what PyTorch's clip_grad_norm_, clip_grad_value_ and
 * optimizers say, from the same float32 gradients, however the vector is cut into ranges; and the same bits
 * for every such cut. The gradient's norm has the very bits of its definition.
 *
 * The bound is that of float32 rounding, to first order: an element's weight is rounded at most twice in a
 * step, and its change comes from a chain of fewer than 64 roundings, each of the size of the change as it
 * would be if nothing in it cancelled, which the reference carries along. */
#include <string.h>

#include "check.h"
#include "kernels.h"
#include "core/mem.h"
#include "vector.h"

#define STEPS    4
#define DIVISOR  7.5
#define HALF_ULP 5.9604644775390625e-8
#define CHAIN    64

struct test {
    const char *optim;
    double lr, momentum, decay; /* as far as the optimizer has them */
    double clip_norm, clip_value;
    bool spare_biases;
    double size; /* of the gradients: a power of two */
};

/* The gradient's norm in the small vector is about 3 times `size`: each is tested above and below its limit.
 * With small ones the 1e-6 in the denominator is felt. */
static const struct test tests[] = {
    {"sgd", 0.1, 0.9, 0.1, 0, 0, false, 1},   {"sgd", 0.1, 0.9, 0.1, 1, 0, false, 1},
    {"sgd", 0.1, 0.9, 0.1, 500, 0, false, 1}, {"sgd", 100, 0, 0, 0.002, 0, false, 0x1p-10},
    {"sgd", 0.1, 0.9, 0, 0, 0.05, false, 1},  {"sgd", 0.1, 0.9, 0.1, 0, 0, true, 1},
    {"sgd", 0.1, 0.9, 0.1, 1, 0.02, true, 1}, {"rmsprop", 0.01, 0, 0, 1, 0.05, false, 1},
    {"lars", 1, 0.9, 0.1, 0, 0, false, 1},    {"lars", 1, 0.9, 0.1, 1, 0.02, true, 1},
    {"lamb", 0.1, 0, 0.1, 0, 0, false, 1},    {"lamb", 0.1, 0, 0.1, 1, 0.02, false, 1},
    {"lamb", 0.1, 0, 0.1, 1, 0.02, true, 1},
};

/* One element of the reference; `size` is what `slot` or the gradient would be if nothing cancelled. */
struct element {
    double w, slot[2], g, g_size, slot_size, bound;
};

struct reference {
    const struct test *test;
    const struct layout *layout;
    struct element *of; /* [floats] */
    float *gradient;    /* [floats], summed */
    double norm;        /* of the last gradient, before clipping */
    double exact;       /* the same, as the update adds it up */
    int step;
};

/* Adds the squares of a tensor's sums, by cells, the elements of a cell in 16 lanes. */
static void add_pieces(struct reference *r, int64_t begin, int64_t end, bool is_bias)
{
    (void)is_bias;
    for (int64_t first = begin, next; first < end; first = next) {
        next = (first / UPDATE_CELL + 1) * UPDATE_CELL;
        double lanes[16] = {0}, piece = 0;
        for (int64_t i = first; i < next && i < end; i++) {
            double g = r->gradient[i];
            lanes[(i - first) % 16] += g * g;
        }
        for (int lane = 0; lane < 16; lane++) piece += lanes[lane];
        r->exact += piece;
    }
}

static void load_gradient(struct reference *r, int64_t begin, int64_t end, bool is_bias)
{
    (void)is_bias;
    for (int64_t i = begin; i < end; i++) {
        struct element *e = &r->of[i];
        e->g = r->gradient[i] / DIVISOR;
        e->g_size = fabs(e->g);
        r->norm += e->g * e->g;
    }
}

static void clip(struct reference *r, int64_t begin, int64_t end, bool is_bias)
{
    (void)is_bias;
    double factor = r->test->clip_norm > 0 ? r->test->clip_norm / (r->norm + 1e-6) : 1;
    double bound = r->test->clip_value > 0 ? r->test->clip_value : INFINITY;
    for (int64_t i = begin; i < end; i++) {
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

static void update_tensor(struct reference *r, int64_t begin, int64_t end, bool is_bias)
{
    const struct test *test = r->test;
    bool spared = test->spare_biases && is_bias;
    double norms[2] = {0}, decay = spared ? 0 : test->decay;
    struct element *first = r->of + begin, *behind = r->of + end;
    for (struct element *e = first; e < behind; e++) measure(r, e, decay, norms);
    if (spared) norms[0] = norms[1] = 0; /* no decay and a ratio of 1: the recipe for large batches */
    for (struct element *e = first; e < behind; e++)
        if (strcmp(test->optim, "sgd") == 0)
            update_sgd(test, e, decay);
        else if (strcmp(test->optim, "rmsprop") == 0)
            update_rmsprop(test, e);
        else if (strcmp(test->optim, "lars") == 0)
            update_lars(test, e, decay, norms);
        else
            update_lamb(test, e, decay, r->step, norms);
}

typedef void reference_visit(struct reference *r, int64_t begin, int64_t end, bool is_bias);

static void each_tensor(struct reference *r, reference_visit *visit)
{
    for (int64_t t = 0; t < r->layout->tensor_count; t++) {
        int64_t first = r->layout->tensors[t].first;
        visit(r, first, first + r->layout->counts[t], t % 2 == 1);
    }
}

static void take_reference_step(struct reference *r, int step)
{
    r->step = step;
    r->norm = r->exact = 0;
    fill(r->layout, (uint64_t)step, (float)r->test->size, r->gradient);
    each_tensor(r, load_gradient);
    each_tensor(r, add_pieces);
    r->norm = sqrt(r->norm);
    r->exact = sqrt(r->exact) * (1 / DIVISOR);
    each_tensor(r, clip);
    each_tensor(r, update_tensor);
}

static struct arg_values arguments_of(const struct test *test, const struct optim_ops *optim)
{
    struct arg_values args = {0};
    arg_values_defaults(optim->args, &args);
    int momentum = arg_find(optim->args, "momentum");
    args.of[0] = test->lr;
    if (momentum >= 0) args.of[momentum] = test->momentum;
    args.of[optim->decay_arg] = test->decay;
    return args;
}

/* The squares of norms that a run has measured. */
struct trail {
    double of[STEPS][TENSORS_MAX][OPTIM_NORMS];
};

/* STEPS updates of a fresh vector. */
static void run(const struct layout *l, const struct test *test, struct vector *v, const double norms[STEPS],
                struct trail *trail)
{
    const struct optim_ops *optim = optim_find(test->optim);
    struct arg_values args = arguments_of(test, optim);
    struct update u;
    create_vector(v, l, optim->slots);
    struct layout marked = *l;
    for (int64_t t = 0; t < l->tensor_count; t++)
        marked.tensors[t].decayed = !test->spare_biases || t % 2 == 0;
    struct update_spec spec = {.kernels = kernels,
                               .optim = optim,
                               .args = &args,
                               .clip_norm = test->clip_norm,
                               .clip_value = test->clip_value,
                               .tensors = marked.tensors,
                               .tensor_count = l->tensor_count,
                               .vector = {v, visit_all, count_merged, visit_all}};
    CHECK_STATUS(update_init(&u, &spec), STATUS_OK);
    uint64_t allocations = mem_allocations();
    for (int step = 0; step < STEPS; step++) {
        fill(l, (uint64_t)step, (float)test->size, v->gradient);
        v->merged = 0;
        update_apply(&u, &(struct update_step){test->lr, step, DIVISOR, 1});
        int sweeps = (test->clip_norm > 0) + (optim->measure != NULL);
        CHECK(v->merged == sweeps * u.piece_count * OPTIM_NORMS);
        if (test->clip_norm > 0) CHECK_NEAR(u.gradient_norm, norms[step], 0);
        memcpy(trail->of[step], u.norms, (size_t)l->tensor_count * sizeof *u.norms);
    }
    CHECK(mem_allocations() == allocations);
    update_free(&u);
}

static void check_params(const struct reference *r, const float *params)
{
    double worst = 0; /* share of the bound */
    for (int64_t i = 0; i < r->layout->floats; i++) {
        double apart = fabs((double)params[i] - r->of[i].w);
        worst = fmax(worst, isfinite(apart) ? apart / (r->of[i].bound + 1e-300) : INFINITY);
    }
    CHECK_NEAR(worst, 0, 1);
}

/* The reference after all steps, and the norms of their gradients. */
static void compute(struct reference *r, double norms[STEPS])
{
    fill(r->layout, FIRST_VALUES, 0.2f, r->gradient);
    for (int64_t i = 0; i < r->layout->floats; i++) r->of[i] = (struct element){.w = r->gradient[i]};
    for (int step = 0; step < STEPS; step++) {
        take_reference_step(r, step);
        norms[step] = r->exact;
        CHECK_NEAR(r->exact, r->norm, 1e-13 * r->norm);
    }
}

static void check_update(const struct test *test, struct layout l)
{
    static const struct vector cuts[] = {
        {.cells = INT32_MAX}, {.cells = 1}, {.cells = 3, .reversed = true}, {.cells = 5}};
    struct reference r = {.test = test, .layout = &l};
    struct vector first = cuts[0];
    double norms[STEPS];
    static struct trail first_trail, trail;
    CHECK_STATUS(mem_alloc(&r.of, (size_t)l.floats, sizeof *r.of, "test"), STATUS_OK);
    CHECK_STATUS(mem_alloc(&r.gradient, (size_t)l.floats, sizeof(float), "test"), STATUS_OK);
    compute(&r, norms);
    run(&l, test, &first, norms, &first_trail);
    check_params(&r, first.params);
    for (size_t i = 1; i < sizeof cuts / sizeof *cuts; i++) {
        struct vector v = cuts[i];
        run(&l, test, &v, norms, &trail);
        CHECK(memcmp(first.params, v.params, (size_t)l.floats * sizeof(float)) == 0);
        CHECK(memcmp(&first_trail, &trail, sizeof trail) == 0);
        destroy_vector(&v);
    }
    destroy_vector(&first);
    mem_free(&r.of), mem_free(&r.gradient);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    size_t count = sizeof tests / sizeof *tests;
    for (size_t i = 0; i < count; i++)
        CHECK_CASE_OF(tests[i].optim, check_update(&tests[i], lay_out(small, sizeof small / sizeof *small)));
    CHECK_CASE_OF("large", check_update(&tests[6], lay_out(large, sizeof large / sizeof *large)));
    CHECK_CASE_OF("large", check_update(&tests[count - 1], lay_out(large, sizeof large / sizeof *large)));
    CHECK(mem_alive() == 0);
    return check_result();
}
