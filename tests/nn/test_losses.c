/* Every loss against torch.nn (tests/reference/losses.txt), at every instruction-set level, and what must
 * hold for any data: a sample's loss and gradient have the same bits wherever it lies in whatever batch,
 * sums of slices add up, dead lanes get zeros, and NaN shows. Bounds come with the reference. */
#include <string.h>

#include "check.h"
#include "kernels.h"
#include "nn/layers/layer.h"
#include "nn/losses/loss.h"
#include "core/mem.h"
#include "reference.h"

#define MAX_SAMPLES 64
#define MAX_OUTPUTS 5
#define MAX_STRIDE  (3 * MAX_SAMPLES) /* the leaf that is looked at is the middle one of three, or alone */

/* A loss made ready for a case, and the results of one call. */
struct bench {
    const struct reference_case *c;
    const struct reference_array *x;
    struct arg_values args;
    struct loss loss;
    int64_t samples, outputs;
};
struct result {
    struct loss_sums sums;
    double losses[MAX_SAMPLES];
    float gradient[MAX_SAMPLES][MAX_OUTPUTS];
};

static enum status make(struct loss *l, const struct loss_ops *ops, const struct arg_values *args,
                        enum target_kind kind, int64_t outputs, double threshold)
{
    return loss_init(l,
                     &(struct loss_spec){
                         .ops = ops, .args = args, .kind = kind, .outputs = outputs, .threshold = threshold});
}

static void set_up(struct bench *b, const struct reference_case *c)
{
    const struct loss_ops *ops = loss_find(c->name);
    *b = (struct bench){.c = c, .x = reference_find(c, "x")};
    b->samples = b->x->dims[0], b->outputs = b->x->dims[1];
    CHECK(ops != NULL && b->samples <= MAX_SAMPLES && b->outputs <= MAX_OUTPUTS);
    arg_values_defaults(ops->args, &b->args);
    for (int i = 0; ops->args[i].name; i++) {
        const struct reference_array *values = reference_find(c, ops->args[i].name);
        if (!values) continue;
        if (ops->args[i].kind != ARG_LIST) {
            b->args.of[i] = values->values[0];
            continue;
        }
        CHECK_STATUS(arg_values_resize(&b->args, i, values->count), STATUS_OK);
        memcpy(b->args.list[i], values->values, (size_t)values->count * sizeof(double));
    }
    enum target_kind kind = (enum target_kind)reference_number(c, "kind");
    CHECK_STATUS(make(&b->loss, ops, &b->args, kind, b->outputs, 0.5), STATUS_OK);
}

static void tear_down(struct bench *b)
{
    loss_free(&b->loss);
    arg_values_free(&b->args);
}

/* [N][K] to [K][stride], from sample `first` on, the first one at lane `at`. */
static void spread(const struct reference_array *a, int64_t first, int64_t count, int64_t stride, int64_t at,
                   float *out)
{
    for (int64_t n = 0; a && n < count; n++)
        for (int64_t k = 0; k < a->dims[1]; k++)
            out[k * stride + at + n] = (float)a->values[(first + n) * a->dims[1] + k];
}

/* Samples first .. first + count - 1 as the middle leaf, or alone in a dense pass. All that the loss must not use is
 * NaN, and must stay so. Output `broken` of the first sample is NaN, if there is one. */
static struct result run_pass(const struct bench *b, int64_t first, int64_t count, bool dense, int64_t broken,
                              bool training)
{
    static _Alignas(64) float x[MAX_OUTPUTS * MAX_STRIDE], targets[MAX_OUTPUTS * MAX_STRIDE],
        dx[MAX_OUTPUTS * MAX_STRIDE];
    int32_t labels[MAX_SAMPLES], predicted[MAX_SAMPLES];
    float weights[MAX_SAMPLES];
    struct result r = {.losses = {0}};
    int64_t lanes = dense ? count : mem_round_floats(count), at = dense ? 0 : lanes,
            stride = dense ? count : MAX_STRIDE;
    for (int i = 0; i < MAX_OUTPUTS * MAX_STRIDE; i++) x[i] = targets[i] = dx[i] = NAN;
    spread(b->x, first, count, stride, at, x);
    spread(reference_find(b->c, "targets"), first, count, stride, at, targets);
    if (broken >= 0) x[broken * stride + at] = NAN;
    const struct reference_array *label = reference_find(b->c, "labels"),
                                 *weight = reference_find(b->c, "weights");
    for (int64_t n = 0; n < count; n++) {
        if (label) labels[n] = (int32_t)label->values[first + n];
        if (weight) weights[n] = (float)weight->values[first + n];
    }
    struct loss_batch batch = {.kernels = kernels,
                               .logits = x + at,
                               .dlogits = training ? dx + at : NULL,
                               .classes = b->outputs,
                               .lanes = lanes,
                               .live = count,
                               .stride = stride,
                               .labels = labels,
                               .targets = targets + at,
                               .weights = weight ? weights : NULL,
                               .losses = r.losses,
                               .predicted = predicted};
    r.sums = b->loss.ops->compute(&b->loss, &batch);
    for (int64_t k = 0; k < b->outputs; k++)
        for (int64_t n = 0; n < stride; n++) {
            bool own = training && n >= at && n < at + lanes, live = own && n < at + count;
            float value = dx[k * stride + n];
            if (!own) CHECK(value != value);
            if (own && !live) CHECK(value == 0);
            if (live) r.gradient[n - at][k] = value;
        }
    for (int64_t i = b->outputs * stride; i < MAX_OUTPUTS * MAX_STRIDE; i++) CHECK(isnan(dx[i]));
    return r;
}

static struct result run(const struct bench *b, int64_t first, int64_t count, int64_t broken, bool training)
{
    return run_pass(b, first, count, false, broken, training);
}

/* Values of all reductions, gradient and counts are torch's. */
static void check_values(const struct bench *b, const struct result *r)
{
    const char *const *reductions = b->loss.ops->args[LOSS_REDUCTION].choices;
    double bound = reference_number(b->c, "loss_bound"), total = 0;
    for (int i = 0; reductions[i]; i++) {
        struct arg_values args = b->args;
        struct loss l;
        args.of[LOSS_REDUCTION] = i;
        CHECK_STATUS(make(&l, b->loss.ops, &args, b->loss.kind, b->outputs, 0.5), STATUS_OK);
        struct bench other = {.c = b->c, .x = b->x, .loss = l, .samples = b->samples, .outputs = b->outputs};
        struct loss_sums sums = run(&other, 0, b->samples, -1, false).sums;
        double divisor = loss_divisor(&l, &sums), want = reference_number(b->c, reductions[i]);
        CHECK(sums.loss == r->sums.loss);
        if (!isfinite(want)) /* torch divides by 0: nothing valid, or for a mean nothing with a weight */
            CHECK(divisor == 0);
        else if (sums.valid == 0)
            CHECK(divisor == 0 && sums.loss == 0 && want == 0);
        else
            CHECK_NEAR(sums.loss / divisor, want, bound / divisor);
        loss_free(&l);
    }
    const struct reference_array *gradient = reference_find(b->c, "gradient");
    for (int64_t n = 0; n < b->samples; n++) {
        total += r->losses[n];
        for (int64_t k = 0; k < b->outputs; k++)
            CHECK_NEAR(r->gradient[n][k], gradient->values[n * b->outputs + k],
                       reference_number(b->c, "gradient_bound"));
    }
    CHECK(total == r->sums.loss);
    CHECK(r->sums.count == b->samples && r->sums.valid == (int64_t)reference_number(b->c, "valid"));
    CHECK(r->sums.correct == (int64_t)reference_number(b->c, "correct"));
}

/* The same samples in batches of `slice`. */
static void check_slices(const struct bench *b, const struct result *whole, int64_t slice, bool dense)
{
    struct loss_sums sums = {0};
    for (int64_t first = 0; first < b->samples; first += slice) {
        int64_t count = b->samples - first < slice ? b->samples - first : slice;
        struct result r = run_pass(b, first, count, dense, -1, true);
        sums.loss += r.sums.loss;
        sums.weight += r.sums.weight;
        sums.correct += r.sums.correct;
        sums.valid += r.sums.valid;
        sums.count += r.sums.count;
        CHECK(memcmp(r.losses, whole->losses + first, (size_t)count * sizeof *r.losses) == 0);
        CHECK(memcmp(r.gradient, whole->gradient + first, (size_t)count * sizeof *r.gradient) == 0);
    }
    double size = 0; /* only the order of additions in double is different */
    for (int64_t n = 0; n < b->samples; n++) size += fabs(whole->losses[n]);
    CHECK_NEAR(sums.loss, whole->sums.loss, 1e-14 * size);
    CHECK_NEAR(sums.weight, whole->sums.weight, 1e-14 * whole->sums.weight);
    CHECK(sums.correct == whole->sums.correct && sums.valid == whole->sums.valid &&
          sums.count == whole->sums.count);
}

/* A NaN in any output of a sample makes its loss NaN, and no other's. */
static void check_nan(const struct bench *b, const struct result *whole)
{
    for (int64_t k = 0; k < b->outputs; k++) {
        struct result r = run(b, 0, b->samples, k, true);
        CHECK(isnan(r.sums.loss) && isnan(r.losses[0]));
        for (int64_t n = 1; n < b->samples; n++) CHECK(r.losses[n] == whole->losses[n]);
    }
}

static bool same(const struct result *a, const struct result *b)
{
    return memcmp(a->losses, b->losses, sizeof a->losses) == 0 &&
           memcmp(a->gradient, b->gradient, sizeof a->gradient) == 0;
}

static unsigned seen[64]; /* of every loss, the kinds that had a case */

static void check_reference(const struct reference_case *c)
{
    static const char *const levels[] = {"v4", "v3", "v2", "base"};
    struct bench b;
    struct result fused[2];
    int fused_levels = 0;
    set_up(&b, c);
    for (int i = 0; loss_registry()[i]; i++)
        if (loss_registry()[i] == b.loss.ops) seen[i] |= TARGET_BIT(b.loss.kind);
    for (int i = 0; i < 4; i++) {
        if (select_kernels(levels[i]) != STATUS_OK) continue;
        struct result r = run(&b, 0, b.samples, -1, true), evaluated = run(&b, 0, b.samples, -1, false);
        check_values(&b, &r);
        CHECK(memcmp(r.losses, evaluated.losses, sizeof r.losses) == 0);
        for (int64_t slice = 1; slice < 40; slice += 6) check_slices(&b, &r, slice, false);
        for (int k = 0; k < 6; k++) check_slices(&b, &r, (int[]){1, 2, 3, 7, 12, 20}[k], true);
        check_nan(&b, &r);
        if (i < 2) fused[fused_levels++] = r;
    }
    if (fused_levels == 2) CHECK(same(&fused[0], &fused[1]));
    tear_down(&b);
}

static void check_all(void)
{
    struct reference_case c;
    int cases = 0;
    FILE *f = reference_open("losses.txt");
    CHECK(f != NULL);
    if (!f) return;
    for (; reference_next(f, &c); cases++) {
        int failures = check_failures;
        check_reference(&c);
        if (check_failures != failures) fprintf(stderr, "^ case %d, %s\n", cases + 1, c.name);
        reference_free(&c);
    }
    fclose(f);
    CHECK(cases >= 270);
    for (int i = 0; loss_registry()[i]; i++) /* a loss that needs totals: test_loss_positions.c */
        CHECK(loss_registry()[i]->measure || seen[i] == loss_registry()[i]->targets);
}

/* Outputs outside 0 .. 1 make the loss NaN. */
static void check_outside(void)
{
    _Alignas(64) float x[16] = {0.5f, 1.0000001f, -1e-7f, INFINITY}, targets[16] = {1, 1, 0, 1}, dx[16];
    double losses[4];
    struct arg_values args = {{0}, {NULL}};
    struct loss l;
    CHECK_STATUS(make(&l, loss_find("bce"), &args, TARGET_MULTILABEL, 1, 0.5), STATUS_OK);
    struct loss_batch b = {.kernels = kernels,
                           .logits = x,
                           .dlogits = dx,
                           .classes = 1,
                           .lanes = 16,
                           .live = 4,
                           .stride = 16,
                           .targets = targets,
                           .losses = losses};
    l.ops->compute(&l, &b);
    CHECK_NEAR(losses[0], log(2), 1e-7);
    for (int n = 1; n < 4; n++) CHECK(isnan(losses[n]) && isnan(dx[n]));
    loss_free(&l);
}

/* Losses that take probabilities need a last layer that gives them. */
static void check_last_layers(void)
{
    static const struct {
        const char *loss, *layer;
        enum target_kind kind;
        const char *message;
    } cases[] = {{"bce", "sigmoid", TARGET_MULTILABEL,
                  "loss.name: bce takes probabilities, but the model ends with linear; end it with sigmoid, "
                  "or use loss bce_with_logits"},
                 {"nll", "log_softmax", TARGET_INDEX,
                  "loss.name: nll takes log-probabilities, but the model ends with linear; end it with "
                  "log_softmax, or use loss cross_entropy"},
                 {"kl_div", "log_softmax", TARGET_PROBS,
                  "loss.name: kl_div takes log-probabilities, but the model ends with linear; end it with "
                  "log_softmax, or use loss cross_entropy"}};
    for (int i = 0; i < 3; i++) {
        struct arg_values args = {{0}, {NULL}};
        struct loss l;
        CHECK_STATUS(make(&l, loss_find(cases[i].loss), &args, cases[i].kind, 2, 0.5), STATUS_OK);
        CHECK_STATUS(loss_check_last_layer(&l, layer_find(cases[i].layer)), STATUS_OK);
        CHECK_STATUS(loss_check_last_layer(&l, layer_find("hardtanh")), STATUS_OK);
        CHECK_STATUS(loss_check_last_layer(&l, layer_find("linear")), STATUS_CONFIG);
        CHECK(strcmp(status_text(), cases[i].message) == 0);
        loss_free(&l);
    }
}

/* What loss_init refuses, and the threshold as an output. */
static void check_making(void)
{
    struct arg_values args = {{0}, {NULL}};
    struct loss l;
    CHECK_STATUS(make(&l, loss_find("mse"), &args, TARGET_INDEX, 3, 0.5), STATUS_CONFIG);
    CHECK_STATUS(make(&l, loss_find("kl_div"), &args, TARGET_VALUES, 3, 0.5), STATUS_CONFIG);
    args.of[LOSS_REDUCTION + 1] = 1;
    CHECK_STATUS(make(&l, loss_find("kl_div"), &args, TARGET_PROBS, 3, 0.5), STATUS_CONFIG);
    arg_values_defaults(loss_find("bce_with_logits")->args, &args);
    CHECK_STATUS(arg_values_resize(&args, LOSS_REDUCTION + 1, 2), STATUS_OK);
    CHECK_STATUS(make(&l, loss_find("bce_with_logits"), &args, TARGET_MULTILABEL, 3, 0.5), STATUS_CONFIG);
    CHECK(l.lists[LOSS_REDUCTION + 1] == NULL);
    CHECK_STATUS(make(&l, loss_find("bce_with_logits"), &args, TARGET_MULTILABEL, 2, 0.75), STATUS_OK);
    CHECK_NEAR(loss_cut(&l), log(3), 1e-6);
    CHECK_STATUS(loss_check_last_layer(&l, layer_find("linear")), STATUS_OK);
    loss_free(&l);
    arg_values_free(&args);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(check_all());
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    CHECK_CASE(check_outside());
    CHECK_CASE(check_making());
    CHECK_CASE(check_last_layers());
    CHECK(mem_alive() == 0);
    return check_result();
}
