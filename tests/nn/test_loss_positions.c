/* test_loss_positions.c - losses of labels with positions, soft Dice and sums of losses, against PyTorch; any cut
 * into virtual ranks gives the same gradients. */
#include <math.h>

#include "check.h"
#include "core/mem.h"
#include "kernels.h"
#include "nn/losses/sum.h"
#include "reference.h"

#define MAX_SAMPLES   32
#define MAX_LANES     512 /* of all virtual ranks of a pass: 16 for each sample, at most */
#define MAX_CELLS     64  /* K * P */
#define MAX_TOTALS    64
#define MAX_POSITIONS 40

struct bench {
    const struct reference_case *c;
    const struct reference_array *x, *labels, *targets, *weights;
    struct arg_values args;
    struct loss_list list;
    struct loss loss;
    int64_t samples, outputs, positions;
};

struct result {
    struct loss_sums sums;
    double totals[MAX_TOTALS];
    float gradient[MAX_SAMPLES][MAX_CELLS];
};

static void take_arguments(const struct reference_case *c, const struct loss_ops *ops,
                           struct arg_values *args)
{
    arg_values_defaults(ops->args, args);
    for (int i = 0; ops->args[i].name; i++) {
        const struct reference_array *values = reference_find(c, ops->args[i].name);
        if (!values) continue;
        if (ops->args[i].kind != ARG_LIST) {
            args->of[i] = values->values[0];
            continue;
        }
        CHECK_STATUS(arg_values_resize(args, i, values->count), STATUS_OK);
        memcpy(args->list[i], values->values, (size_t)values->count * sizeof(double));
    }
}

static const struct loss_ops *take_losses(struct bench *b)
{
    char names[sizeof b->c->name], *rest = names;
    const struct reference_array *scales = reference_find(b->c, "scales");
    memcpy(names, b->c->name, sizeof names);
    if (!scales) {
        take_arguments(b->c, loss_find(names), &b->args);
        return loss_find(names);
    }
    for (char *name; (name = strsep(&rest, "+")); b->list.count++) {
        struct loss_choice *choice = &b->list.of[b->list.count];
        choice->ops = loss_find(name);
        choice->scale = scales->values[b->list.count];
        take_arguments(b->c, choice->ops, &choice->args);
    }
    CHECK_STATUS(loss_list_check(&b->list), STATUS_OK);
    arg_values_defaults(sum_of_losses.args, &b->args);
    return &sum_of_losses;
}

static void set_up(struct bench *b, const struct reference_case *c)
{
    *b = (struct bench){.c = c,
                        .x = reference_find(c, "x"),
                        .labels = reference_find(c, "labels"),
                        .targets = reference_find(c, "targets"),
                        .weights = reference_find(c, "weights")};
    b->samples = b->x->dims[0], b->outputs = b->x->dims[1], b->positions = b->x->dims[2];
    const struct loss_ops *ops = take_losses(b);
    CHECK_STATUS(
        loss_init(&b->loss, &(struct loss_spec){.ops = ops,
                                                .args = &b->args,
                                                .list = &b->list,
                                                .kind = (enum target_kind)reference_number(c, "kind"),
                                                .outputs = b->outputs,
                                                .positions = b->positions,
                                                .threshold = 0.5}),
        STATUS_OK);
    CHECK(b->samples <= MAX_SAMPLES && b->outputs * b->positions <= MAX_CELLS &&
          b->loss.totals <= MAX_TOTALS);
}

static void tear_down(struct bench *b)
{
    loss_free(&b->loss);
    loss_list_free(&b->list);
    arg_values_free(&b->args);
}

/* A pass over virtual ranks of `slice` samples, side by side; everything that belongs to none of them is NaN. Or dense:
 * virtual ranks one behind the other, each with the lanes that it has samples. */
struct pass {
    bool dense;
    int64_t slice, lanes, leaves, row; /* lanes of a virtual rank; their number; of all */
    float *x, *targets, *dx, *scratch, *weights;
    int32_t *labels, *predicted;
    double losses[MAX_LANES];
};

/* The virtual rank's live lanes. */
static int64_t pass_live(const struct bench *b, const struct pass *p, int64_t leaf)
{
    int64_t left = b->samples - leaf * p->slice;
    return left < p->slice ? left : p->slice;
}

/* Where the first lane of a virtual rank is in an array of `rows` rows. */
static int64_t pass_first(const struct pass *p, int64_t leaf, int64_t rows)
{
    return p->dense ? leaf * p->slice * rows : leaf * p->lanes;
}

/* Where a sample's element of a row is. */
static int64_t pass_at(const struct bench *b, const struct pass *p, int64_t sample, int64_t row, int64_t rows)
{
    int64_t leaf = sample / p->slice, wide = p->dense ? pass_live(b, p, leaf) : p->row;
    return pass_first(p, leaf, rows) + row * wide + sample % p->slice;
}

static void pass_place(const struct bench *b, struct pass *p, int64_t sample)
{
    int64_t cells = b->outputs * b->positions, wide = b->weights ? b->weights->dims[1] : 0;
    for (int64_t i = 0; i < cells; i++) {
        int64_t at = pass_at(b, p, sample, i, cells);
        p->x[at] = (float)b->x->values[sample * cells + i];
        if (b->targets) p->targets[at] = (float)b->targets->values[sample * cells + i];
    }
    for (int64_t i = 0; b->labels && i < b->positions; i++)
        p->labels[pass_at(b, p, sample, i, b->positions)] =
            (int32_t)b->labels->values[sample * b->positions + i];
    for (int64_t i = 0; i < wide; i++)
        p->weights[pass_at(b, p, sample, i, wide)] = (float)b->weights->values[sample * wide + i];
}

static void pass_make(const struct bench *b, struct pass *p, int64_t slice, bool dense)
{
    p->dense = dense, p->slice = slice;
    p->lanes = dense ? slice : mem_round_floats(slice);
    p->leaves = (b->samples + slice - 1) / slice;
    p->row = p->lanes * p->leaves;
    CHECK(p->row <= MAX_LANES);
    size_t cells = (size_t)(b->outputs * b->positions * p->row), places = (size_t)(b->positions * p->row);
    float **floats[] = {&p->x, &p->targets, &p->dx};
    for (int i = 0; i < 3; i++) {
        CHECK_STATUS(mem_alloc(floats[i], cells, sizeof(float), "test"), STATUS_OK);
        for (size_t k = 0; k < cells; k++) (*floats[i])[k] = NAN;
    }
    CHECK_STATUS(mem_alloc(&p->scratch, (size_t)(b->loss.scratch * p->row), sizeof(float), "test"),
                 STATUS_OK);
    CHECK_STATUS(mem_alloc(&p->weights, places, sizeof(float), "test"), STATUS_OK);
    CHECK_STATUS(mem_alloc(&p->labels, places, sizeof(int32_t), "test"), STATUS_OK);
    CHECK_STATUS(mem_alloc(&p->predicted, places, sizeof(int32_t), "test"), STATUS_OK);
    for (int64_t n = 0; n < b->samples; n++) pass_place(b, p, n);
}

static void pass_free(struct pass *p)
{
    void *all[] = {&p->x, &p->targets, &p->dx, &p->scratch, &p->weights, &p->labels, &p->predicted};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) mem_free(all[i]);
}

static struct loss_batch pass_view(const struct bench *b, struct pass *p, int64_t leaf)
{
    int64_t cells = pass_first(p, leaf, b->outputs * b->positions),
            places = pass_first(p, leaf, b->positions);
    int64_t wide = b->weights ? b->weights->dims[1] : 0, live = pass_live(b, p, leaf);
    int64_t row = p->dense ? live : p->row;
    return (struct loss_batch){.kernels = kernels,
                               .logits = p->x + cells,
                               .dlogits = p->dx + cells,
                               .classes = b->outputs,
                               .lanes = p->dense ? live : p->lanes,
                               .live = live,
                               .stride = b->positions * row,
                               .positions = b->positions,
                               .row = row,
                               .labels = p->labels + places,
                               .targets = p->targets + cells,
                               .weights = wide ? p->weights + pass_first(p, leaf, wide) : NULL,
                               .weight_row = wide > 1 ? row : 0,
                               .scratch =
                                   p->scratch ? p->scratch + pass_first(p, leaf, b->loss.scratch) : NULL,
                               .losses = p->losses + pass_first(p, leaf, 1),
                               .predicted = p->predicted + places};
}

/* `totals` are those of the whole batch, or NULL: they are measured here. */
static struct result run(const struct bench *b, int64_t slice, bool dense, const double *totals)
{
    struct result r = {.totals = {0}};
    struct pass p = {.lanes = 0};
    int64_t cells = b->outputs * b->positions;
    pass_make(b, &p, slice, dense);
    for (int64_t leaf = 0; b->loss.totals && leaf < p.leaves; leaf++) {
        double own[MAX_TOTALS];
        struct loss_batch view = pass_view(b, &p, leaf);
        b->loss.ops->measure(&b->loss, &view, own);
        for (int64_t k = 0; k < b->loss.totals; k++) r.totals[k] += own[k];
    }
    if (totals) memcpy(r.totals, totals, sizeof r.totals);
    for (int64_t leaf = 0; leaf < p.leaves; leaf++) {
        struct loss_batch view = pass_view(b, &p, leaf);
        view.totals = b->loss.totals ? r.totals : NULL;
        struct loss_sums sums = loss_compute(&b->loss, &view);
        loss_sums_add(&r.sums, &sums);
    }
    for (int64_t n = 0; n < b->samples; n++)
        for (int64_t i = 0; i < cells; i++) {
            float *dx = &p.dx[pass_at(b, &p, n, i, cells)];
            r.gradient[n][i] = *dx;
            *dx = 0;
        }
    for (int64_t at = 0; at < cells * (dense ? b->samples : p.row); at++) CHECK(p.dx[at] == 0);
    for (int64_t at = cells * b->samples; dense && at < cells * p.row; at++) CHECK(isnan(p.dx[at]));
    pass_free(&p);
    return r;
}

static void check_values(const struct bench *b, const struct result *r)
{
    const struct reference_array *gradient = reference_find(b->c, "gradient");
    double divisor = loss_divisor(&b->loss, &r->sums), bound = reference_number(b->c, "gradient_bound");
    int64_t cells = b->outputs * b->positions;
    CHECK_NEAR(r->sums.loss / divisor, reference_number(b->c, "mean"), reference_number(b->c, "loss_bound"));
    if (b->loss.totals)
        CHECK_NEAR(b->loss.ops->value(&b->loss, r->totals), reference_number(b->c, "mean"),
                   reference_number(b->c, "loss_bound"));
    for (int64_t n = 0; n < b->samples; n++)
        for (int64_t i = 0; i < cells; i++)
            CHECK_NEAR((double)r->gradient[n][i] / divisor, gradient->values[n * cells + i], bound);
    CHECK(r->sums.count == b->samples && r->sums.valid == (int64_t)reference_number(b->c, "valid"));
    CHECK(r->sums.correct == (int64_t)reference_number(b->c, "correct"));
}

static void check_case(const struct reference_case *c)
{
    static const char *const levels[] = {"v4", "v3", "v2", "base"};
    static const int64_t dense[] = {1, 2, 3, 7, 12, 20};
    static struct result whole, first, cut;
    struct bench b;
    int fused = 0;
    set_up(&b, c);
    for (int i = 0; i < 4; i++) {
        if (select_kernels(levels[i]) != STATUS_OK) continue;
        whole = run(&b, b.samples, false, NULL);
        check_values(&b, &whole);
        for (int64_t slice = 1; slice < b.samples; slice += 3) {
            cut = run(&b, slice, false, NULL); /* its totals are added in another order */
            check_values(&b, &cut);
            cut = run(&b, slice, false, whole.totals);
            CHECK(memcmp(cut.gradient, whole.gradient, sizeof cut.gradient) == 0);
        }
        for (size_t k = 0; k < sizeof dense / sizeof dense[0]; k++) {
            cut = run(&b, dense[k], true, NULL);
            check_values(&b, &cut);
            cut = run(&b, dense[k], true, whole.totals);
            CHECK(memcmp(cut.gradient, whole.gradient, sizeof cut.gradient) == 0);
        }
        if (i < 2 && fused++ == 1) CHECK(memcmp(&first, &whole, sizeof first) == 0);
        first = whole;
    }
    tear_down(&b);
}

static void check_all(void)
{
    struct reference_case c;
    int cases = 0;
    FILE *f = reference_open("positions.txt");
    CHECK(f != NULL);
    if (!f) return;
    for (; reference_next(f, &c); cases++) {
        int failures = check_failures;
        check_case(&c);
        if (check_failures != failures) fprintf(stderr, "^ case %d, %s\n", cases + 1, c.name);
        reference_free(&c);
    }
    fclose(f);
    CHECK(cases >= 140);
}

/* A NaN in one output makes loss and totals NaN. */
static void check_nan(void)
{
    _Alignas(64) float x[2 * 16] = {0, NAN}, scratch[2 * 16], targets[2 * 16] = {1, 0};
    double totals[8], losses[16];
    struct arg_values args = {{0}, {NULL}};
    struct loss l;
    arg_values_defaults(loss_find("dice")->args, &args);
    CHECK_STATUS(loss_init(&l, &(struct loss_spec){.ops = loss_find("dice"),
                                                   .args = &args,
                                                   .kind = TARGET_MULTILABEL,
                                                   .outputs = 1,
                                                   .positions = 2,
                                                   .threshold = 0.5}),
                 STATUS_OK);
    struct loss_batch b = {.kernels = kernels,
                           .logits = x,
                           .classes = 1,
                           .lanes = 16,
                           .live = 2,
                           .stride = 32,
                           .positions = 2,
                           .row = 16,
                           .targets = targets,
                           .scratch = scratch,
                           .losses = losses};
    l.ops->measure(&l, &b, totals);
    CHECK(isnan(l.ops->value(&l, totals)));
    b.totals = totals;
    CHECK(isnan(loss_compute(&l, &b).loss));
    loss_free(&l);
}

/* Losses that do not go together. */
static void check_list_of_losses(void)
{
    struct loss_list list = {.count = 2,
                             .of = {{.ops = loss_find("mse")}, {.ops = loss_find("cross_entropy")}}};
    for (int i = 0; i < 2; i++) arg_values_defaults(list.of[i].ops->args, &list.of[i].args);
    CHECK(loss_list_check(&list) == STATUS_CONFIG &&
          says("mse + cross_entropy take no labels of the same kind"));
    list.of[0].ops = loss_find("dice");
    arg_values_defaults(list.of[0].ops->args, &list.of[0].args);
    CHECK_STATUS(loss_list_check(&list), STATUS_OK);
    list.of[0].args.of[arg_find(list.of[0].ops->args, "ignore_index")] = 7;
    CHECK(loss_list_check(&list) == STATUS_CONFIG && says("give all the same ignore_index"));
    loss_list_free(&list);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(check_all());
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    CHECK_CASE(check_nan());
    CHECK_CASE(check_list_of_losses());
    CHECK(mem_alive() == 0);
    return check_result();
}
