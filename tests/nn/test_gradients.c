/* Gradient check of every registered layer and loss against central differences along random directions.
 *
 * For a scalar s(x) = sum r * layer(x), the derivative along d is <gradient, d>. The difference quotient is
 * formed at two step sizes, h and h/2, summed in double. Where a layer is linear around the inputs, which lie
 * further from kinks than h, the quotient has no truncation error. Where it is smooth, that error is a h^2 +
 * b h^4 + ...; the quotients' difference tells the first term, and taking it away leaves h^4 / 480 of the
 * fifth derivative, which is at most 16 where |x| <= 4 (tanh's), hence less than 2^-24 times the size of the
 * sum at h = 1/32. What remains is float32 rounding of the outputs: independent errors of about 2^-24 |r y|
 * each, sqrt(K) times that for a sum of K products, which add up to the root of the sum of their squares,
 * divided by h. Inputs and directions have few digits, so that x + h d is exact. The bound is 16 such
 * standard deviations; a gradient wrong by a few percent exceeds it. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "math/blas.h"
#include "kernels.h"
#include "nn/layers/layer.h"
#include "nn/losses/loss.h"
#include "core/mem.h"
#include "core/rng.h"

#define FLOAT_EPSILON 5.96e-8 /* 2^-24 */
#define MAX_INPUTS    3

static const int64_t first_samples[] = {32};

static uint64_t draws;

static float draw(void) /* in [-1, 1) */
{
    return 2 * rng_unit(rng_words(7, RNG_SYNTHETIC, 99, draws++).v[0]) - 1;
}

static float *vector(int64_t count, int random)
{
    float *v;
    CHECK_STATUS(mem_alloc(&v, (size_t)count + 16, sizeof *v, "test"), STATUS_OK);
    for (int64_t i = 0; random && i < count; i++) v[i] = draw();
    return v;
}

/* Multiples of 1/64. */
static float *coarse(int64_t count)
{
    float *v = vector(count, 1);
    for (int64_t i = 0; i < count; i++) v[i] = roundf(v[i] * 64) / 64;
    return v;
}

/* Everything one case needs. */
struct bench {
    struct layer layer;
    struct shape shapes[MAX_INPUTS];
    const float *xs[MAX_INPUTS];
    float *dxs[MAX_INPUTS];
    int64_t lanes, in, out, params;
    float *x, *y, *r, *w, *dy, *dx, *dw, *direction;
};

static void place(struct bench *b, int64_t lanes)
{
    struct layer *l = &b->layer;
    b->lanes = lanes;
    b->in = 0;
    for (int i = 0; i < l->input_count; i++) b->in += shape_features(b->shapes[i]) * lanes;
    b->out = shape_features(l->out) * lanes;
    b->params = 0;
    for (int t = 0; t < l->tensor_count; t++) {
        l->tensors[t].offset = b->params;
        b->params += mem_round_floats(tensor_count(&l->tensors[t]));
    }
    CHECK_STATUS(mem_alloc(&l->saved, l->saved_bytes, 1, "test"), STATUS_OK);
    CHECK_STATUS(mem_alloc(&l->scratch, l->scratch_bytes, 1, "test"), STATUS_OK);
    b->x = vector(b->in, 1), b->dx = vector(b->in, 0);
    b->y = vector(b->out, 0), b->dy = vector(b->out, 0), b->r = vector(b->out, 1);
    b->w = coarse(b->params), b->dw = vector(b->params, 0);
    b->direction = coarse(b->in + b->params);
    for (int t = 0; t < l->tensor_count; t++) /* what stands in the place of their gradient is none */
        if (l->tensors[t].role == TENSOR_STATISTIC)
            memset(b->direction + b->in + l->tensors[t].offset, 0,
                   (size_t)tensor_count(&l->tensors[t]) * sizeof *b->direction);
    int64_t at = 0; /* the inputs lie one behind the other */
    for (int i = 0; i < l->input_count; i++) {
        b->xs[i] = b->x + at, b->dxs[i] = b->dx + at;
        at += shape_features(b->shapes[i]) * lanes;
    }
}

static void release(struct bench *b)
{
    float **all[] = {&b->x, &b->y, &b->r, &b->w, &b->dy, &b->dx, &b->dw, &b->direction};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) mem_free(all[i]);
    layer_free(&b->layer);
    mem_free(&b->layer.saved);
    mem_free(&b->layer.scratch);
}

static struct pass pass_of(const struct bench *b)
{
    return (struct pass){.params = b->w,
                         .grads = b->dw,
                         .seed = 3,
                         .step = 5,
                         .first_samples = first_samples,
                         .lanes = b->lanes,
                         .leaves = 1,
                         .training = true};
}

static double batch_sums[64]; /* over the global batch, which is this leaf alone */

static void run_forward(struct bench *b)
{
    struct pass p = pass_of(b);
    if (layer_totals(&b->layer) > 0) b->layer.ops->measure_forward(&b->layer, &p, b->xs, batch_sums);
    p.totals = batch_sums;
    b->layer.ops->forward(&b->layer, &p, b->xs, b->y);
}

/* s at x + h * direction; *size becomes the root of sum (r y)^2. */
static double value_at(struct bench *b, const float *x, const float *w, double h, double *size)
{
    for (int64_t i = 0; i < b->in; i++) b->x[i] = (float)(x[i] + h * b->direction[i]);
    for (int64_t i = 0; i < b->params; i++) b->w[i] = (float)(w[i] + h * b->direction[b->in + i]);
    run_forward(b);
    double sum = 0;
    *size = 0;
    for (int64_t i = 0; i < b->out; i++) {
        sum += (double)b->r[i] * (double)b->y[i];
        *size += pow((double)b->r[i] * (double)b->y[i], 2);
    }
    *size = sqrt(*size);
    return sum;
}

static double quotient(struct bench *b, const float *x, const float *w, double h, double *size)
{
    double up = value_at(b, x, w, h, size);
    return (up - value_at(b, x, w, -h, size)) / (2 * h);
}

/* As a model does for layers that say of themselves that their gradient is dy. */
static void run_backward(struct bench *b, struct pass *p)
{
    const struct layer *l = &b->layer;
    if (layer_totals(l) > 0) l->ops->measure_backward(l, p, b->xs, b->dy, batch_sums);
    p->totals = batch_sums;
    if (!l->ops->passes_gradient) {
        l->ops->backward(l, p, b->xs, b->y, b->dy, b->dxs);
        return;
    }
    for (int i = 0; i < l->input_count; i++) memcpy(b->dxs[i], b->dy, (size_t)b->out * sizeof *b->dy);
}

static void check_case(struct bench *b)
{
    float *x = vector(b->in, 0), *w = vector(b->params, 0);
    memcpy(x, b->x, (size_t)b->in * sizeof *x);
    memcpy(w, b->w, (size_t)b->params * sizeof *w);
    struct pass p = pass_of(b);
    run_forward(b);
    memcpy(b->dy, b->r, (size_t)b->out * sizeof *b->dy);
    run_backward(b, &p);
    double analytic = 0, weight = 0, size;
    for (int64_t i = 0; i < b->in; i++) analytic += (double)b->dx[i] * (double)b->direction[i];
    for (int64_t i = 0; i < b->in; i++) weight += pow((double)b->dx[i] * (double)b->direction[i], 2);
    for (int64_t i = 0; i < b->params; i++) analytic += (double)b->dw[i] * (double)b->direction[b->in + i];
    for (int64_t i = 0; i < b->params; i++)
        weight += pow((double)b->dw[i] * (double)b->direction[b->in + i], 2);

    const double h = 1.0 / 32;
    double first = quotient(b, x, w, h, &size), second = quotient(b, x, w, h / 2, &size);
    double bound = 16 * FLOAT_EPSILON * (size / h + sqrt(weight) * sqrt((double)(b->lanes * 64)));
    CHECK_NEAR((4 * second - first) / 3, analytic,
               3 * bound); /* (4 * 2 + 1) / 3 times the rounding of `first` */
    mem_free(&x);
    mem_free(&w);
}

/* A small value: of a required argument 1..3, of others the default or something near it. */
static double draw_arg(const struct arg *a, double value)
{
    int pick = (int)((draw() + 1) * 1.5f); /* 0..2 */
    if (a->kind == ARG_INT && (isnan(value) || pick)) value = isnan(value) ? pick + 1 : pick;
    if (a->kind == ARG_BOOL) return pick > 0;
    for (int c = 0; a->kind == ARG_CHOICE && c < pick && a->choices[c]; c++) value = c;
    if (a->kind == ARG_CHOICE) return value;
    if (isnan(value)) value = a->min + (a->max - a->min) * 0.25;
    if (a->kind == ARG_REAL && pick) value *= 0.5 * pick + 0.25;
    return value < a->min ? a->min : value > a->max ? a->max : value;
}

/* Small values of every argument, at times another one for each axis. */
static void draw_args(const struct layer_ops *ops, double args[ARG_MAX])
{
    arg_defaults(ops->args, args);
    for (int i = 0; ops->args && ops->args[i].name; i++) {
        const struct arg *a = &ops->args[i];
        double *slots = args + arg_slot(ops->args, i);
        double value = draw_arg(a, slots[arg_first_used(a)]);
        bool alike = draw() > 0;
        for (int k = arg_first_used(a); k < arg_slots(a); k++)
            slots[k] = alike || a->axes == 0 ? value : draw_arg(a, slots[k]);
    }
}

static void check_layer(const struct layer_ops *ops)
{
    static const int64_t volume[] = {3, 4, 5}, cube[] = {4, 3, 4}, signal = 12, short_signal = 9;
    const struct shape shapes[] = {shape_flat(1),
                                   shape_2d(3, 7, 5),
                                   shape_2d(2, 6, 6),
                                   shape_2d(17, 5, 4),
                                   shape_flat(5),
                                   shape_of(2, 1, &signal),
                                   shape_of(6, 1, &short_signal),
                                   shape_of(2, 3, volume),
                                   shape_of(4, 3, cube)};
    static const int64_t lane_counts[] = {16, 48, 272, 1, 3, 17};
    int checked = 0;
    for (int trial = 0; trial < 180; trial++) {
        int64_t lanes = lane_counts[trial / 9 % 6];
        struct bench b = {.layer = {.ops = ops, .kernels = kernels, .lanes = lanes, .leaves = 1, .index = 2}};
        b.layer.in = b.shapes;
        b.layer.input_count = ops->min_inputs > 1 ? ops->min_inputs + trial % 2 : 1;
        for (int i = 0; i < b.layer.input_count; i++) b.shapes[i] = shapes[trial % 9];
        if (trial % 4 == 0) b.shapes[b.layer.input_count - 1].c++; /* some layers take other channels */
        draw_args(ops, b.layer.args);
        if (layer_plan(&b.layer) !=
            STATUS_OK) { /* a window larger than the input, shapes that must be equal */
            layer_free(&b.layer);
            continue;
        }
        place(&b, lanes);
        /* Away from kinks: on a grid of 1/8 that misses 0. Within 4, where smooth functions change, or within
         * 64, where no two elements of a window are alike. */
        int64_t numbers = trial % 2 && !ops->is_max ? 61 : 1009;
        for (int64_t i = 0; i < b.in; i++)
            b.x[i] = ((float)(i * 7919 % numbers) - (float)(numbers / 2) - 0.5f) / 8;
        check_case(&b);
        checked++;
        release(&b);
    }
    fprintf(stderr, "%s: %d cases\n", ops->name, checked);
    CHECK(checked >= 15);
}

/* A loss of one kind of targets, on outputs and targets that suit it. Outputs keep at least 1/256 away from
 * kinks, which lie where outputs, targets or margins (all multiples of 1/8) are apart by such a multiple: in
 * every class they are off by another number of 128ths. */
struct loss_case {
    struct loss loss;
    int64_t classes, lanes, live;
    float *x, *targets, *moved, *direction, *gradient, *weights, *scratch;
    int32_t labels[64], predicted[64];
    double losses[64];
};

static float draw_output(const struct loss *l, int64_t class)
{
    float off = (float)class / 128 + 1.0f / 256, eighths = floorf(draw() * 16) / 8; /* in [-2, 2) */
    if (l->output == OUTPUT_LABEL_PROBS) return 0.5f + 0.2f * draw();
    bool positive = l->output == OUTPUT_VALUES && l->ops->target_max > 0; /* Poisson */
    return positive ? 3 + eighths + off : eighths + off;
}

static float draw_target(const struct loss *l)
{
    if (l->kind == TARGET_PROBS || l->kind == TARGET_ONEHOT)
        return 0.5f + 0.5f * draw(); /* that rows add up to 1 is not needed */
    if (l->kind == TARGET_MULTILABEL) return draw() > 0;
    float eighths = floorf(draw() * 8) / 8;
    return l->ops->target_max == 1 ? 0.5f + 0.5f * eighths : l->ops->target_max > 1 ? 3 + eighths : eighths;
}

static double loss_of(struct loss_case *c, const float *x, float *gradient)
{
    struct loss_batch b = {.kernels = kernels,
                           .logits = x,
                           .dlogits = gradient,
                           .classes = c->classes,
                           .lanes = c->lanes,
                           .stride = c->lanes,
                           .live = c->live,
                           .labels = c->labels,
                           .targets = c->targets,
                           .weights = c->weights,
                           .scratch = c->scratch,
                           .losses = c->losses,
                           .predicted = c->predicted};
    double totals[64];
    CHECK(c->loss.totals <= 64);
    if (c->loss.totals) {
        c->loss.ops->measure(&c->loss, &b, totals);
        b.totals = totals;
    }
    struct loss_sums sums = loss_compute(&c->loss, &b);
    CHECK(sums.count == c->live);
    return sums.loss;
}

/* Second and third derivatives are largest for log x at 0.3, 2 / x^3 = 74, and exp(2.2) is well below that:
 * truncation is h^2 / 6 of it for each output. */
static void check_loss_case(struct loss_case *c)
{
    int64_t count = c->classes * c->lanes;
    double analytic = 0, size = 0;
    loss_of(c, c->x, c->gradient);
    for (int64_t i = 0; i < count; i++) {
        if (i % c->lanes >= c->live) CHECK(c->gradient[i] == 0);
        analytic += (double)c->gradient[i] * (double)c->direction[i];
    }
    for (int64_t n = 0; n < c->live; n++) size += fabs(c->losses[n]);
    for (int half = 1; half <= 2; half++) {
        double h = 1.0 / 512 / half, value[2];
        for (int side = 0; side < 2; side++) {
            for (int64_t i = 0; i < count; i++)
                c->moved[i] = (float)((double)c->x[i] + (side ? h : -h) * (double)c->direction[i]);
            value[side] = loss_of(c, c->moved, NULL);
        }
        double rounding = 16 * FLOAT_EPSILON * (size + sqrt((double)(c->live * c->classes))) / h;
        double truncation = 74.0 / 6 * (double)(c->live * c->classes) * h * h;
        CHECK_NEAR((value[1] - value[0]) / (2 * h), analytic, rounding + truncation);
    }
}

static void run_loss_case(struct loss_case *c)
{
    int64_t count = c->classes * c->lanes;
    c->x = vector(count, 0), c->targets = vector(count, 0), c->moved = vector(count, 0);
    c->direction = vector(count, 1), c->gradient = vector(count, 0), c->weights = vector(c->lanes, 1);
    c->scratch = vector(c->loss.scratch * c->lanes, 0);
    for (int64_t i = 0; i < count; i++) {
        c->x[i] = draw_output(&c->loss, i / c->lanes);
        c->targets[i] = draw_target(&c->loss);
    }
    for (int64_t n = 0; n < c->lanes; n++) {
        c->labels[n] = (int32_t)((draw() + 1) / 2 * (float)c->classes);
        c->weights[n] += 1;
    }
    check_loss_case(c);
    float **all[] = {&c->x, &c->targets, &c->moved, &c->direction, &c->gradient, &c->weights, &c->scratch};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) mem_free(all[i]);
}

/* `choice` has a bit for every yes-or-no argument and one for the lists; powers and smoothing come with that
 * one. */
static void draw_loss_args(const struct arg *table, int choice, int64_t classes, struct arg_values *args)
{
    arg_values_defaults(table, args);
    for (int i = 0; table[i].name; i++) {
        if (table[i].kind == ARG_BOOL) args->of[i] = choice >> i & 1;
        if (!(choice & 1)) continue;
        if (strcmp(table[i].name, "p") == 0) args->of[i] = 2;
        if (strcmp(table[i].name, "label_smoothing") == 0) args->of[i] = 0.25;
        if (table[i].kind != ARG_LIST) continue;
        CHECK_STATUS(arg_values_resize(args, i, classes), STATUS_OK);
        for (int64_t k = 0; k < classes; k++) args->list[i][k] = 1 + 0.5 * (double)draw();
    }
}

static void check_loss(const struct loss_ops *ops, enum target_kind kind)
{
    int checked = 0;
    for (int choice = 0; choice < 16; choice++)
        for (int64_t classes = 1; classes <= 13; classes += 3)
            for (int64_t live = 0; live <= 48; live += 13) {
                struct loss_case c = {.classes = classes, .lanes = 48, .live = live};
                struct arg_values args = {{0}, {NULL}};
                draw_loss_args(ops->args, choice, classes, &args);
                struct loss_spec spec = {
                    .ops = ops, .args = &args, .kind = kind, .outputs = classes, .threshold = 0.5};
                if (loss_init(&c.loss, &spec) == STATUS_OK) {
                    run_loss_case(&c);
                    loss_free(&c.loss);
                    checked++;
                }
                arg_values_free(&args);
            }
    fprintf(stderr, "%s of %s: %d cases\n", ops->name, target_name(kind), checked);
    CHECK(checked >= 80);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    blas_start();
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    for (int i = 0; layer_registry()[i]; i++)
        CHECK_CASE_OF(layer_registry()[i]->name, check_layer(layer_registry()[i]));
    for (int i = 0; loss_registry()[i]; i++)
        for (int kind = 0; kind < TARGET_KINDS; kind++)
            if (loss_registry()[i]->targets & TARGET_BIT(kind))
                CHECK_CASE_OF(loss_registry()[i]->name,
                              check_loss(loss_registry()[i], (enum target_kind)kind));
    CHECK(mem_alive() == 0);
    return check_result();
}
