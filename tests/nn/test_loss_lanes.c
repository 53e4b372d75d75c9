/* test_loss_lanes.c - losses of any number of samples without gaps: a sample's gradient, loss and predictions have the
 * bits that it has alone, its gradient those of a padded pass; nothing is read or written beyond the arrays. */
#include "check.h"
#include "core/mem.h"
#include "core/rng.h"
#include "kernels.h"
#include "nn/losses/loss.h"

#define SAMPLES       20
#define OUTPUTS       3
#define MAX_POSITIONS 300 /* more than COLUMNS_WIDE */
#define MAX_TOTALS    (3 * OUTPUTS + 1)

enum weights { NO_WEIGHTS, OF_SAMPLES, OF_POSITIONS };

struct bench {
    struct loss loss;
    struct arg_values args;
    int64_t positions;
    enum weights weights;
};

/* Of all samples, whatever the lanes they had. */
struct result {
    struct loss_sums sums;
    double losses[SAMPLES], totals[MAX_TOTALS];
    float gradient[SAMPLES][OUTPUTS][MAX_POSITIONS];
    int32_t predicted[SAMPLES][MAX_POSITIONS];
};

/* Numbers in [0, 1) of every sample. */
enum { DRAW_X, DRAW_TARGET, DRAW_LABEL, DRAW_WEIGHT, DRAWS };
static float draws[DRAWS][SAMPLES][OUTPUTS * MAX_POSITIONS];

static void draw_all(void)
{
    float *to = draws[0][0];
    for (size_t i = 0; i < sizeof draws / sizeof *to; i++)
        to[i] = rng_unit(rng_words(7, RNG_SYNTHETIC, 0, i).v[0]);
}

/* The arrays of one pass, each of exactly the size that it must have. */
struct pass {
    int64_t first, live, lanes; /* samples, and their lanes */
    float *x, *targets, *dx, *weights, *scratch;
    int32_t *labels, *predicted;
    double *losses;
};

static void *take(int64_t count, size_t size)
{
    void *block = NULL;
    CHECK(posix_memalign(&block, 64, (size_t)count * size) == 0 && block);
    memset(block, 0, (size_t)count * size);
    return block;
}

static void pass_place(const struct bench *b, struct pass *p, int64_t n)
{
    int64_t sample = p->first + n, P = b->positions;
    bool shares = b->loss.output == OUTPUT_LABEL_PROBS, on = b->loss.kind == TARGET_MULTILABEL;
    for (int64_t i = 0; i < OUTPUTS * P; i++) {
        float x = draws[DRAW_X][sample][i], target = draws[DRAW_TARGET][sample][i];
        p->x[i * p->lanes + n] = shares ? x : 6 * x - 3;
        p->targets[i * p->lanes + n] = on ? target > 0.5f : target;
    }
    for (int64_t i = 0; i < P; i++)
        p->labels[i * p->lanes + n] = (int32_t)(OUTPUTS * draws[DRAW_LABEL][sample][i]);
    for (int64_t i = 0; i < (b->weights == OF_POSITIONS ? P : 1); i++)
        p->weights[i * p->lanes + n] = 0.5f + draws[DRAW_WEIGHT][sample][i];
}

static struct pass pass_make(const struct bench *b, int64_t first, int64_t live, int64_t lanes)
{
    int64_t cells = OUTPUTS * b->positions * lanes, places = b->positions * lanes;
    struct pass p = {first, live, lanes};
    p.x = take(cells, sizeof *p.x);
    p.targets = take(cells, sizeof *p.targets);
    p.dx = take(cells, sizeof *p.dx);
    p.scratch = take(b->loss.scratch * lanes, sizeof *p.scratch);
    p.weights = take(b->weights == OF_POSITIONS ? places : lanes, sizeof *p.weights);
    p.labels = take(places, sizeof *p.labels);
    p.predicted = take(places, sizeof *p.predicted);
    p.losses = take(live, sizeof *p.losses);
    for (int64_t i = 0; i < cells; i++) p.dx[i] = NAN;
    for (int64_t n = 0; n < live; n++) pass_place(b, &p, n);
    return p;
}

static void pass_free(struct pass *p)
{
    free(p->x), free(p->targets), free(p->dx), free(p->scratch), free(p->weights);
    free(p->labels), free(p->predicted), free(p->losses);
}

static struct loss_batch pass_view(const struct bench *b, const struct pass *p)
{
    return (struct loss_batch){.kernels = kernels,
                               .logits = p->x,
                               .dlogits = p->dx,
                               .classes = OUTPUTS,
                               .lanes = p->lanes,
                               .live = p->live,
                               .stride = b->positions * p->lanes,
                               .positions = b->positions,
                               .row = p->lanes,
                               .labels = p->labels,
                               .targets = p->targets,
                               .weights = b->weights == NO_WEIGHTS ? NULL : p->weights,
                               .weight_row = b->weights == OF_POSITIONS ? p->lanes : 0,
                               .scratch = p->scratch,
                               .losses = p->losses,
                               .predicted = p->predicted};
}

static void keep(const struct bench *b, const struct pass *p, struct result *r)
{
    bool classes = loss_task(&b->loss) == TASK_CLASSES, each = b->positions == 1 || b->loss.ops->positional;
    for (int64_t n = 0; n < p->live; n++) {
        int64_t sample = p->first + n;
        if (each) r->losses[sample] = p->losses[n];
        for (int64_t i = 0; i < b->positions; i++) {
            for (int64_t k = 0; k < OUTPUTS; k++)
                r->gradient[sample][k][i] = p->dx[(k * b->positions + i) * p->lanes + n];
            if (classes) r->predicted[sample][i] = p->predicted[i * p->lanes + n];
        }
    }
}

/* All samples, in passes of `lanes` samples; the last one has what is left. `totals` as in loss_batch, or NULL. */
static void run(const struct bench *b, int64_t lanes, const double *totals, struct result *r)
{
    memset(r, 0, sizeof *r);
    for (int64_t first = 0; first < SAMPLES; first += lanes) {
        int64_t left = SAMPLES - first, live = left < lanes ? left : lanes;
        struct pass p = pass_make(b, first, live, lanes == 32 ? lanes : live);
        struct loss_batch view = pass_view(b, &p);
        if (b->loss.ops->measure) {
            double own[MAX_TOTALS];
            b->loss.ops->measure(&b->loss, &view, own);
            for (int64_t k = 0; k < b->loss.totals; k++) r->totals[k] += own[k];
            view.totals = totals ? totals : r->totals;
        }
        struct loss_sums sums = loss_compute(&b->loss, &view);
        loss_sums_add(&r->sums, &sums);
        keep(b, &p, r);
        pass_free(&p);
    }
}

/* The terms of a loss are all of one sign, or not far from it: sums in another order differ by less than this. */
static void check_near(double a, double b)
{
    CHECK_NEAR(a, b, 1e-12 * (1 + fabs(b)));
}

static void check_lanes(const struct bench *b)
{
    static const int64_t lanes[] = {1, 2, 3, 4, 5, 6, 7, 12, 20};
    static struct result padded, alone, r;
    run(b, 32, NULL, &padded);
    for (size_t i = 0; i < sizeof lanes / sizeof lanes[0]; i++) {
        run(b, lanes[i], padded.totals, &r);
        if (lanes[i] == 1) alone = r;
        CHECK(memcmp(r.gradient, padded.gradient, sizeof r.gradient) == 0);
        CHECK(memcmp(r.predicted, padded.predicted, sizeof r.predicted) == 0);
        CHECK(memcmp(r.losses, alone.losses, sizeof r.losses) == 0);
        for (int n = 0; n < SAMPLES; n++) check_near(r.losses[n], padded.losses[n]);
        for (int k = 0; k < MAX_TOTALS; k++) check_near(r.totals[k], padded.totals[k]);
        check_near(r.sums.loss, padded.sums.loss);
        check_near(r.sums.weight, padded.sums.weight);
        CHECK(r.sums.valid == padded.sums.valid && r.sums.correct == padded.sums.correct &&
              r.sums.count == padded.sums.count);
    }
}

/* One dead lane. */
static void check_empty(const struct bench *b)
{
    struct pass p = pass_make(b, 0, 0, 1);
    struct loss_batch view = pass_view(b, &p);
    double totals[MAX_TOTALS] = {0}, other[MAX_TOTALS];
    for (int k = 0; k < MAX_TOTALS; k++) other[k] = 1;
    if (b->loss.ops->measure) {
        b->loss.ops->measure(&b->loss, &view, totals);
        view.totals = other;
    }
    for (int k = 0; k < MAX_TOTALS; k++) CHECK(totals[k] == 0);
    struct loss_sums sums = loss_compute(&b->loss, &view);
    CHECK(sums.loss == 0 && sums.weight == 0 && sums.valid == 0 && sums.correct == 0 && sums.count == 0);
    for (int64_t i = 0; i < OUTPUTS * b->positions; i++) CHECK(p.dx[i] == 0);
    pass_free(&p);
}

/* Arguments that need the general kernels where `other` is set. */
static void set_up(struct bench *b, const struct loss_ops *ops, enum target_kind kind, int64_t positions,
                   bool other)
{
    *b = (struct bench){.positions = positions};
    arg_values_defaults(ops->args, &b->args);
    for (int i = 1; ops->args[i].name; i++) {
        if (strcmp(ops->args[i].name, "log_target") == 0) b->args.of[i] = kind == TARGET_VALUES;
        if (!other) continue;
        if (strcmp(ops->args[i].name, "ignore_index") == 0) b->args.of[i] = 1;
        if (strcmp(ops->args[i].name, "label_smoothing") == 0) b->args.of[i] = 0.1;
        if (ops->args[i].kind != ARG_LIST) continue;
        CHECK_STATUS(arg_values_resize(&b->args, i, OUTPUTS), STATUS_OK);
        for (int k = 0; k < OUTPUTS; k++) b->args.list[i][k] = 0.3 + k;
    }
    CHECK_STATUS(loss_init(&b->loss, &(struct loss_spec){.ops = ops,
                                                         .args = &b->args,
                                                         .kind = kind,
                                                         .outputs = OUTPUTS,
                                                         .positions = positions,
                                                         .threshold = 0.5}),
                 STATUS_OK);
}

static void test_loss(const struct loss_ops *ops)
{
    static const int64_t positions[] = {1, 7, 13, MAX_POSITIONS};
    for (int kind = 0; kind < TARGET_KINDS; kind++)
        for (int i = 0; i < 8 && ops->targets & TARGET_BIT(kind); i++) {
            struct bench b;
            set_up(&b, ops, (enum target_kind)kind, positions[i / 2], i % 2);
            for (b.weights = NO_WEIGHTS; b.weights <= OF_POSITIONS; b.weights++) {
                check_lanes(&b);
                check_empty(&b);
            }
            loss_free(&b.loss);
            arg_values_free(&b.args);
        }
}

int main(int argc, char **argv)
{
    static const char *const levels[] = {"v4", "v3", "v2", "base"};
    check_begin(argc, argv);
    draw_all();
    for (int i = 0; i < 4; i++) {
        if (select_kernels(levels[i]) != STATUS_OK) continue;
        for (int k = 0; loss_registry()[k]; k++)
            CHECK_CASE_OF(loss_registry()[k]->name, test_loss(loss_registry()[k]));
    }
    CHECK(mem_alive() == 0);
    return check_result();
}
