/* Layers that normalise: laws on leaves and live lanes, and values of PyTorch (tests/reference/norms.txt).
 *
 * The references were computed in float64 from float32 inputs. A result is a few float32 operations on terms
 * whose magnitudes add up to its size in the reference, with factors from statistics in double: 8 roundings.
 */
#include <string.h>

#include "check.h"
#include "kernels.h"
#include "math/exact.h"
#include "nn/layers/layer.h"
#include "core/mem.h"
#include "core/rng.h"
#include "reference.h"

/* A layer between its values. */
struct scene {
    struct shape in;
    struct layer l;
    int64_t live[16], values, param_floats;
    float *params, *grads, *x, *y, *dy, *dx;
};

/* The default arguments with weights, and one group or eight. */
static void set_defaults(struct scene *s, const char *kind)
{
    const struct arg *args = layer_find(kind)->args;
    arg_defaults(args, s->l.args);
    arg_set(args, arg_find(args, "affine"), 1, s->l.args);
    if (arg_find(args, "groups") >= 0)
        arg_set(args, arg_find(args, "groups"), s->in.c % 8 == 0 ? 8 : 1, s->l.args);
}

static void place(struct scene *s, const char *kind, int64_t lanes, int64_t leaves)
{
    struct layer *l = &s->l;
    l->ops = layer_find(kind);
    l->kernels = kernels;
    l->in = &s->in;
    l->input_count = 1;
    l->lanes = lanes;
    l->leaves = leaves;
    CHECK_STATUS(layer_plan(l), STATUS_OK);
    CHECK_STATUS(mem_alloc(&l->saved, l->saved_bytes, 1, "test"), STATUS_OK);
    CHECK_STATUS(mem_alloc(&l->scratch, l->scratch_bytes, 1, "test"), STATUS_OK);
    s->param_floats = 0;
    for (int t = 0; t < l->tensor_count; t++) {
        l->tensors[t].offset = s->param_floats;
        s->param_floats += mem_round_floats(tensor_count(&l->tensors[t]));
    }
    s->values = shape_features(s->in) * lanes;
    s->params = exact_vector(s->param_floats, 0), s->grads = exact_vector(s->param_floats, 0);
    s->x = exact_vector(s->values, 0), s->y = exact_vector(s->values, 0);
    s->dy = exact_vector(s->values, 0), s->dx = exact_vector(s->values, 0);
}

static void release(struct scene *s)
{
    float **all[] = {&s->params, &s->grads, &s->x, &s->y, &s->dy, &s->dx};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) free(*all[i]);
    mem_free(&s->l.saved), mem_free(&s->l.scratch);
    layer_free(&s->l);
}

static void run(struct scene *s, bool training)
{
    struct pass p = {.params = s->params,
                     .grads = s->grads,
                     .live = s->live,
                     .lanes = s->l.lanes,
                     .leaves = s->l.leaves,
                     .training = training};
    s->l.ops->forward(&s->l, &p, (const float *const[]){s->x}, s->y);
    if (!training) return;
    float *dy = exact_vector(s->values, 0);
    memcpy(dy, s->dy, (size_t)s->values * sizeof *dy);
    s->l.ops->backward(&s->l, &p, (const float *const[]){s->x}, s->y, dy, (float *const[]){s->dx});
    free(dy);
}

static float *tensor(const struct scene *s, float *vector, const char *name)
{
    for (int t = 0; t < s->l.tensor_count; t++)
        if (strcmp(s->l.tensors[t].name, name) == 0) return vector + s->l.tensors[t].offset;
    return NULL;
}

/* [N][features] of the reference into [features][lanes]. */
static void to_lanes(const struct reference_array *a, int64_t lanes, float *to)
{
    int64_t features = a->count / a->dims[0];
    for (int64_t i = 0; i < a->count; i++) to[i % features * lanes + i / features] = (float)a->values[i];
}

static void check_lanes(const struct reference_case *c, const char *name, const char *size_name,
                        const struct scene *s, const float *have)
{
    const struct reference_array *want = reference_find(c, name), *size = reference_find(c, size_name);
    int64_t features = want->count / want->dims[0];
    for (int64_t i = 0; i < want->count; i++)
        CHECK_NEAR(have[i % features * s->l.lanes + i / features], want->values[i],
                   8 * FLOAT_EPSILON * fabs(size->values[i]) + 1e-30);
}

static void check_tensor(const struct reference_case *c, const char *name, const char *size_name,
                         const float *have)
{
    const struct reference_array *want = reference_find(c, name), *size = reference_find(c, size_name);
    for (int64_t i = 0; i < want->count; i++)
        CHECK_NEAR(have[i], want->values[i], 8 * FLOAT_EPSILON * fabs(size->values[i]) + 1e-30);
}

static void set_tensor(const struct scene *s, const char *name, const struct reference_array *from)
{
    float *to = tensor(s, s->params, name);
    for (int64_t i = 0; to && i < from->count; i++) to[i] = (float)from->values[i];
}

static void set_args(struct scene *s, const struct reference_case *c)
{
    const struct arg *args = layer_find(c->name)->args;
    arg_defaults(args, s->l.args);
    for (int i = 0; args[i].name; i++)
        if (reference_find(c, args[i].name)) arg_set(args, i, reference_number(c, args[i].name), s->l.args);
}

/* The update of the running statistics by the shares of one virtual rank of `samples` samples, as update.c
 * does it. */
static void follow(struct scene *s, const char *name, double samples)
{
    float *at = tensor(s, s->params, name);
    const float *share = tensor(s, s->grads, name);
    for (int64_t c = 0; c < s->in.c; c++)
        at[c] = (float)(at[c] + s->l.tensors[s->l.tensor_count - 1].momentum * (share[c] / samples - at[c]));
}

static void check_running(const struct reference_case *c, struct scene *s)
{
    double samples = (double)reference_find(c, "x")->dims[0];
    if (samples * (double)shape_positions(s->in) < 2) return;
    follow(s, "running_mean", samples);
    follow(s, "running_var", samples);
    const struct reference_array *mean = reference_find(c, "mean"), *var = reference_find(c, "var");
    const struct reference_array *mean0 = reference_find(c, "mean0"), *var0 = reference_find(c, "var0");
    for (int64_t i = 0; i < s->in.c; i++) {
        CHECK_NEAR(tensor(s, s->params, "running_mean")[i], mean->values[i],
                   4 * FLOAT_EPSILON * (fabs(mean->values[i]) + fabs(mean0->values[i])));
        CHECK_NEAR(tensor(s, s->params, "running_var")[i], var->values[i],
                   4 * FLOAT_EPSILON * (var->values[i] + var0->values[i]));
        tensor(s, s->params, "running_mean")[i] = (float)mean->values[i];
        tensor(s, s->params, "running_var")[i] = (float)var->values[i];
    }
    run(s, false);
    const struct reference_array *want = reference_find(c, "evaluated"), *bias = reference_find(c, "bias");
    int64_t features = want->count / want->dims[0];
    for (int64_t i = 0; i < want->count; i++) {
        int64_t channel = i % features / shape_positions(s->in);
        double scale = fabs(reference_find(c, "weight")->values[channel]) /
                       sqrt(var->values[channel] + reference_number(c, "eps"));
        double size = fabs(want->values[i]) + 2 * fabs(bias->values[channel]);
        CHECK_NEAR(s->y[i % features * s->l.lanes + i / features], want->values[i],
                   8 * FLOAT_EPSILON * (size + scale * fabs(mean->values[channel])));
    }
}

static void check_reference(const struct reference_case *c, bool dense)
{
    const struct reference_array *x = reference_find(c, "x"), *dy = reference_find(c, "dy");
    struct scene s = {.in = {x->dims[1], 1, {1, 1, x->dims[2]}}, .live = {x->dims[0]}};
    set_args(&s, c);
    place(&s, c->name, dense ? x->dims[0] : mem_round_floats(x->dims[0]), 1);
    set_tensor(&s, "weight", reference_find(c, "weight"));
    set_tensor(&s, "bias", reference_find(c, "bias"));
    if (reference_find(c, "mean0")) set_tensor(&s, "running_mean", reference_find(c, "mean0"));
    if (reference_find(c, "var0")) set_tensor(&s, "running_var", reference_find(c, "var0"));
    to_lanes(x, s.l.lanes, s.x);
    to_lanes(dy, s.l.lanes, s.dy);
    run(&s, true);
    check_lanes(c, "y", "y_size", &s, s.y);
    check_lanes(c, "dx", "dx_size", &s, s.dx);
    if (tensor(&s, s.grads, "weight"))
        check_tensor(c, "dweight", "dweight_size", tensor(&s, s.grads, "weight"));
    if (tensor(&s, s.grads, "bias")) check_tensor(c, "dbias", "dbias_size", tensor(&s, s.grads, "bias"));
    if (reference_find(c, "mean0")) check_running(c, &s);
    release(&s);
}

static void check_references(void)
{
    FILE *f = reference_open("norms.txt");
    struct reference_case c;
    int count = 0;
    CHECK(f != NULL);
    for (; f && reference_next(f, &c); count++) {
        check_reference(&c, false);
        check_reference(&c, true);
        reference_free(&c);
    }
    CHECK(count >= 29);
    if (f) fclose(f);
}

static float draw(uint64_t stream, int64_t i)
{
    return 2 * rng_unit(rng_words(5, RNG_SYNTHETIC, stream, (uint64_t)i).v[0]) - 1;
}

/* A leaf's sample has the same values in any pass; what stands in other lanes is `rest`. */
static void fill(struct scene *s, int64_t first_leaf, float rest)
{
    int64_t lanes = s->l.lanes, width = lanes / s->l.leaves;
    for (int64_t f = 0; f < shape_features(s->in); f++)
        for (int64_t n = 0; n < lanes; n++) {
            int64_t leaf = n / width, i = ((f * 16 + leaf + first_leaf) * 64 + n % width);
            bool live = n % width < s->live[leaf];
            s->x[f * lanes + n] = live ? draw(1, i) + 0.25f * (float)(f % 3) : rest;
            s->dy[f * lanes + n] = live ? draw(2, i) : 0;
        }
    for (int64_t i = 0; i < s->param_floats; i++) s->params[i] = draw(3, i) + 1.5f;
}

static void check_same(const struct scene *all, const struct scene *one, const float *of_all,
                       const float *of_one, int64_t leaf)
{
    int64_t width = one->l.lanes, lanes = all->l.lanes;
    for (int64_t f = 0; f < shape_features(all->in); f++)
        CHECK(memcmp(of_all + f * lanes + leaf * width, of_one + f * width, (size_t)width * sizeof(float)) ==
              0);
}

/* Every leaf of a pass has the bits that it has alone, and gradients are added as a tree. Where statistics
 * are those of the batch, dead lanes may hold anything, and give zeros. */
static void check_leaves(const char *kind, struct shape in, int64_t width, bool relu)
{
    static const int64_t live[4] = {16, 0, 1, 7};
    struct scene all = {.in = in};
    set_defaults(&all, kind);
    if (relu && layer_find(kind)->keeps_relu) all.l.relu_out = 1;
    if (relu && layer_find(kind)->fuses_relu) all.l.relu_in = RELU_UNLIMITED;
    for (int leaf = 0; leaf < 4; leaf++) all.live[leaf] = leaf == 0 ? width : live[leaf];
    place(&all, kind, 4 * width, 4);
    bool of_batch = strcmp(kind, "batchnorm") == 0;
    fill(&all, 0, of_batch ? 1e30f : 0);
    run(&all, true);
    float *sums[4];
    for (int64_t leaf = 0; leaf < 4; leaf++) {
        struct scene one = {.in = in, .live = {all.live[leaf]}};
        memcpy(one.l.args, all.l.args, sizeof one.l.args);
        one.l.relu_out = all.l.relu_out, one.l.relu_in = all.l.relu_in;
        place(&one, kind, width, 1);
        fill(&one, leaf, of_batch ? -3 : 0);
        run(&one, true);
        check_same(&all, &one, all.y, one.y, leaf);
        check_same(&all, &one, all.dx, one.dx, leaf);
        for (int64_t f = 0; f < shape_features(in); f++)
            for (int64_t n = one.live[0]; n < width; n++)
                CHECK((one.y[f * width + n] == 0 || !of_batch) && one.dx[f * width + n] == 0);
        sums[leaf] = one.grads;
        one.grads = NULL;
        release(&one);
    }
    for (int64_t i = 0; i < all.param_floats; i++)
        CHECK(all.grads[i] == (sums[0][i] + sums[1][i]) + (sums[2][i] + sums[3][i]));
    for (int leaf = 0; leaf < 4; leaf++) free(sums[leaf]);
    release(&all);
}

/* As many lanes as samples against lanes for more: a sample that is normalised by itself has the same bits, and one
 * that is normalised by its batch differs by roundings of the sums in double. So do the gradients of parameters. */
static void check_dense(const char *kind, struct shape in, int64_t samples, bool of_channels, bool relu)
{
    struct scene s[2];
    bool of_batch = strcmp(kind, "batchnorm") == 0;
    for (int i = 0; i < 2; i++) {
        s[i] = (struct scene){.in = in, .live = {samples}};
        set_defaults(&s[i], kind);
        if (of_channels) s[i].l.args[arg_find(layer_find(kind)->args, "axes")] = -2;
        if (relu) s[i].l.relu_out = 1, s[i].l.relu_in = RELU_UNLIMITED;
        place(&s[i], kind, i ? samples : mem_round_floats(samples + 1), 1);
        fill(&s[i], 0, 0);
        run(&s[i], true);
    }
    bool equal = true;
    for (int64_t i = 0; i < s[1].values; i++) {
        int64_t at = i / samples * s[0].l.lanes + i % samples;
        equal = equal && memcmp(&s[1].y[i], &s[0].y[at], sizeof(float)) == 0 &&
                memcmp(&s[1].dx[i], &s[0].dx[at], sizeof(float)) == 0;
        if (!of_batch) continue;
        CHECK_NEAR(s[1].y[i], s[0].y[at], 4 * FLOAT_EPSILON * (1 + fabs((double)s[0].y[at])));
        CHECK_NEAR(s[1].dx[i], s[0].dx[at], 16 * FLOAT_EPSILON * (1 + fabs((double)s[0].dx[at])));
    }
    CHECK(equal || of_batch);
    double size = 4 * (double)(samples * shape_positions(in));
    for (int64_t i = 0; i < s[1].param_floats; i++)
        CHECK_NEAR(s[1].grads[i], s[0].grads[i],
                   4 * FLOAT_EPSILON * (fabs((double)s[0].grads[i]) + 1) + 1e-12 * size);
    release(&s[0]), release(&s[1]);
}

static const struct shape shapes[] = {{1, 0, {1, 1, 1}}, {5, 0, {1, 1, 1}},  {3, 1, {1, 1, 7}},
                                      {2, 2, {1, 9, 8}}, {17, 3, {2, 3, 5}}, {1, 2, {1, 40, 40}},
                                      {24, 2, {1, 3, 7}}};
static const char *const kinds[] = {"batchnorm", "layernorm", "groupnorm", "instancenorm", "rmsnorm"};
#define KINDS (sizeof kinds / sizeof *kinds)

static void check_kind(const char *kind)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int64_t width = 16; width <= 48; width += 32)
            for (int relu = 0; relu < 2; relu++) check_leaves(kind, shapes[i], width, relu);
}

static void check_counts(const char *kind)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int n = 0; n < SAMPLE_COUNTS; n++) {
            check_dense(kind, shapes[i], sample_counts[n], false, false);
            if (layer_find(kind)->fuses_relu) check_dense(kind, shapes[i], sample_counts[n], false, true);
            if (arg_find(layer_find(kind)->args, "axes") >= 0)
                check_dense(kind, shapes[i], sample_counts[n], true, false);
        }
}

/* Levels with fused multiply-add give the same bits. */
static void check_levels(const char *kind, struct shape in)
{
    struct scene s[2];
    for (int i = 0; i < 2; i++) {
        CHECK_STATUS(select_kernels(i ? "auto" : "v3"), STATUS_OK);
        s[i] = (struct scene){.in = in, .live = {13, 16}};
        set_defaults(&s[i], kind);
        place(&s[i], kind, 32, 2);
        fill(&s[i], 0, 0);
        run(&s[i], true);
    }
    CHECK(memcmp(s[0].y, s[1].y, (size_t)s[0].values * sizeof(float)) == 0);
    CHECK(memcmp(s[0].dx, s[1].dx, (size_t)s[0].values * sizeof(float)) == 0);
    CHECK(memcmp(s[0].grads, s[1].grads, (size_t)s[0].param_floats * sizeof(float)) == 0);
    release(&s[0]), release(&s[1]);
}

/* One value per channel: the result is the bias, nothing flows back, and the running variance stays. */
static void test_one_value(void)
{
    struct scene s = {.in = {3, 0, {1, 1, 1}}, .live = {1}};
    arg_defaults(layer_find("batchnorm")->args, s.l.args);
    place(&s, "batchnorm", 16, 1);
    fill(&s, 0, 5);
    run(&s, true);
    for (int64_t c = 0; c < 3; c++) {
        CHECK(s.y[c * 16] == tensor(&s, s.params, "bias")[c] && s.dx[c * 16] == 0);
        CHECK(tensor(&s, s.grads, "running_mean")[c] == s.x[c * 16]);
        CHECK(tensor(&s, s.grads, "running_var")[c] == tensor(&s, s.params, "running_var")[c]);
    }
    release(&s);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    static const char *const levels[] = {"v2", "v3", "auto"};
    bool fused = select_kernels("v3") == STATUS_OK;
    for (int i = 0; i < 3; i++)
        if (select_kernels(levels[i]) == STATUS_OK) CHECK_CASE_OF(levels[i], check_references());
    for (size_t i = 0; i < KINDS; i++) {
        CHECK_CASE_OF(kinds[i], check_kind(kinds[i]));
        CHECK_CASE_OF(kinds[i], check_counts(kinds[i]));
        for (size_t k = 0; fused && k < sizeof shapes / sizeof *shapes; k++)
            CHECK_CASE_OF(kinds[i], check_levels(kinds[i], shapes[k]));
    }
    CHECK_CASE(test_one_value());
    CHECK(mem_alive() == 0);
    return check_result();
}
