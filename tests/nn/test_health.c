/* A gradient that is not finite, or might overflow when it is summed, is found in every layer that has
 * parameters, whichever way it is looked for: at the factors before the backward pass, or at the gradients
 * behind it. What is merely large is left alone. */
#include <string.h>

#include "check.h"
#include "math/blas.h"
#include "kernels.h"
#include "core/mem.h"
#include "nn/health.h"
#include "spec.h"

#define LANES 32

/* A convolution has its kernel's size behind its outputs; images have no depth. */
static double kernel_of(const struct layer_ops *ops)
{
    bool has = ops->args && arg_find(ops->args, "kernel") == 1;
    return has ? strstr(ops->name, "3d") ? 1 : 2 : 0;
}

static void add(struct model_spec *spec, const struct layer_ops *ops, int outputs)
{
    spec_add(spec, ops->name, outputs, kernel_of(ops));
}

/* Every layer that has parameters, in the middle of a model: with many of them (whose factors are fewer),
 * and with few. */
static void describe(struct model_spec *spec, const struct layer_ops *ops, bool many)
{
    *spec = (struct model_spec){.input = shape_2d(4, 3, 3)};
    spec_add(spec, "sigmoid", 0, 0);
    add(spec, ops, many ? 40 : 2);
    spec_add(spec, "softplus", 0, 0);
    spec_add(spec, "linear", 3, 0);
}

struct bench {
    struct model *m;
    float *params, *grads;
    int64_t inputs;
};

static float *floats(int64_t count)
{
    float *v;
    CHECK_STATUS(mem_alloc(&v, (size_t)count, sizeof *v, "test"), STATUS_OK);
    return v;
}

static void set_up(struct bench *b, const struct model_spec *spec)
{
    CHECK_STATUS(spec_model(&b->m, spec, LANES, 1), STATUS_OK);
    b->params = floats(model_param_floats(b->m));
    b->grads = floats(model_param_floats(b->m));
    b->inputs = shape_features(spec->input) * LANES;
    model_init_params(b->m, 1, b->params);
}

static void tear_down(struct bench *b)
{
    mem_free(&b->params), mem_free(&b->grads);
    model_destroy(&b->m);
}

/* One pass with this input and output gradient in every lane but one, which has others. */
static const struct layer *find_bad(struct bench *b, float x, float dy, float odd_x, float odd_dy)
{
    const struct layer *bad = NULL;
    struct pass p = {
        .params = b->params, .grads = b->grads, .lanes = LANES, .leaves = 1, .training = true, .bad = &bad};
    for (int64_t i = 0; i < b->inputs; i++) model_input(b->m)[i] = i == 5 * LANES + 7 ? odd_x : x;
    model_forward(b->m, &p);
    for (int64_t i = 0; i < 3 * LANES; i++) model_output_grad(b->m)[i] = i == LANES + 7 ? odd_dy : dy;
    model_backward(b->m, &p);
    return bad;
}

/* A bad gradient of the loss is found in the last layer, and one that comes from a weight in the layer below
 * that. */
static void check_layer(const struct layer_ops *ops, bool many)
{
    static const float harmful[] = {NAN, INFINITY, -INFINITY, 0x1p122f, -0x1p122f},
                       harmless[] = {0, 0x1p60f, -0x1p90f};
    struct model_spec spec;
    struct bench b = {0};
    describe(&spec, ops, many);
    set_up(&b, &spec);
    CHECK(find_bad(&b, 0.5f, 1, 0.5f, 1) == NULL);
    for (int i = 0; i < 5; i++) {
        const struct layer *bad = find_bad(&b, 0.5f, 1, 0.5f, harmful[i]);
        CHECK(bad && bad->index == 3);
    }
    for (int i = 0; i < 3; i++) CHECK(find_bad(&b, 0.5f, 1, 0.5f, harmless[i]) == NULL);

    float *weight = b.params + model_layer(b.m, 3)->tensors[0].offset, kept = *weight;
    *weight = NAN;
    CHECK(find_bad(&b, 0.5f, 0, 0.5f, 1) != NULL);
    *weight =
        0x1p122f; /* the products of the layer above are 0 or finite: only what goes down is too large */
    const struct layer *bad = find_bad(&b, 0.5f, 0x1p-3f, 0.5f, 0x1p-3f);
    CHECK(bad && bad->index == 1);
    *weight = kept;
    CHECK(find_bad(&b, 0.5f, 1, 0.5f, 1) == NULL);
    tear_down(&b);
}

/* One layer alone, so that its input can be anything: features that were not normalised, and broken ones. */
static void check_inputs(const struct layer_ops *ops, bool many)
{
    struct model_spec spec = {.input = shape_2d(4, 3, 3)};
    struct bench b = {0};
    add(&spec, ops, many ? 40 : 3);
    set_up(&b, &spec);
    int64_t outputs = shape_features(model_output_shape(b.m)) * LANES;
    static const struct {
        float x, dy;
        bool good;
    } cases[] = {{1e13f, 1, true},
                 {1e25f, 1e3f, true},
                 {1e28f, 1, true},
                 {0x1p101f, 1, false},
                 {INFINITY, 1, false},
                 {NAN, 1, false},
                 {1, NAN, false},
                 {1, 0x1p101f, false},
                 {NAN, 0, false},
                 {0x1p70f, 0x1p70f, false},
                 {0x1p40f, 0x1p40f, true},
                 {0x1p41f, 0x1p41f, true},
                 {0x1p127f, 0x1p-60f, true},
                 {1e-30f, 1e-30f, true}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const struct layer *bad = NULL;
        struct pass p = {
            .params = b.params, .grads = b.grads, .lanes = LANES, .leaves = 1, .training = true, .bad = &bad};
        for (int64_t i = 0; i < b.inputs; i++) model_input(b.m)[i] = i % LANES == 7 ? cases[c].x : 0.25f;
        model_forward(b.m, &p);
        for (int64_t i = 0; i < outputs; i++)
            model_output_grad(b.m)[i] = i % LANES == 7 ? cases[c].dy : 0.25f;
        model_backward(b.m, &p);
        CHECK((bad == NULL) == cases[c].good);
        if ((bad == NULL) != cases[c].good) fprintf(stderr, "  %s, case %d\n", ops->name, (int)c);
    }
    tear_down(&b);
}

/* The look at the factors is not taken where it would cost more, or could not say. */
static void check_factors(void)
{
    static float x[64 * LANES], dy[64 * LANES];
    const float *const inputs[] = {x};
    const struct layer_ops *linear = layer_find("linear");
    const struct shape in = shape_flat(64);
    struct layer l = {
        .ops = linear, .kernels = kernels, .in = &in, .input_count = 1, .lanes = LANES, .leaves = 1};
    struct pass p = {.lanes = LANES, .leaves = 1};
    arg_defaults(linear->args, l.args);
    l.args[0] = 64;
    CHECK_STATUS(layer_plan(&l), STATUS_OK);
    l.tensors[1].offset = 64 * 64;
    CHECK(health_factors(&l, &p, inputs, dy));
    p.lanes = 16; /* fewer factors still */
    CHECK(health_factors(&l, &p, inputs, dy));
    p.lanes = LANES + 16;
    CHECK(!health_factors(&l, &p, inputs, dy));
    p.lanes = LANES;
    for (int end = 0; end < 2; end++) {
        float *at = end ? &dy[64 * LANES - 1] : x;
        static const float values[] = {0x1p40f, -0x1p40f, 0x1.000002p40f, -0x1.000002p40f, NAN, INFINITY};
        for (int i = 0; i < 6; i++) {
            *at = values[i];
            CHECK(health_factors(&l, &p, inputs, dy) == (i < 2));
        }
        *at = 0;
    }
    struct layer relu = {.ops = layer_find("relu"), .in = &in, .out = in};
    x[0] = NAN;
    CHECK(health_factors(&relu, &p, inputs, dy)); /* no parameters, no gradients */
    layer_free(&l);
}

/* The first layer whose output is not finite, from an input, a weight or an overflow. */
static void check_first_bad(void)
{
    struct model_spec spec = {.input = shape_2d(4, 3, 3)};
    struct bench b = {0};
    for (int i = 0; i < 2; i++) spec_add(&spec, "conv2d", 4, 2), spec_add(&spec, "relu", 0, 0);
    spec_add(&spec, "hardtanh", -1000, 1000);
    spec_add(&spec, "linear", 3, 0);
    set_up(&b, &spec);
    struct pass p = {.params = b.params, .lanes = LANES, .leaves = 1, .training = true};
    for (int64_t i = 0; i < b.inputs; i++) model_input(b.m)[i] = 1;
    CHECK(model_first_bad(b.m, &p) == NULL);
    for (int i = 0; i < 6; i++) {
        const struct layer *l = model_layer(b.m, i);
        if (l->tensor_count == 0) continue;
        for (int k = 0; k < 2; k++) {
            float *weight = b.params + l->tensors[k].offset, kept = *weight;
            *weight = k ? INFINITY : NAN; /* infinity goes no further than hardtanh */
            model_forward(b.m, &p);
            const struct layer *bad = model_first_bad(b.m, &p);
            CHECK(bad && bad->index == i);
            *weight = kept;
        }
    }
    model_input(b.m)[3] = NAN;
    model_forward(b.m, &p);
    const struct layer *bad = model_first_bad(b.m, &p);
    CHECK(bad && bad->index == 0);
    tear_down(&b);
}

/* NaN stays NaN through hardtanh both ways, so that clipped outputs hide nothing. */
static void check_hardtanh(void)
{
    const struct layer_ops *ops = layer_find("hardtanh");
    const struct shape in = shape_flat(1);
    struct layer l = {.ops = ops, .kernels = kernels, .in = &in, .input_count = 1, .lanes = 16, .leaves = 1};
    struct pass p = {.lanes = 16, .leaves = 1};
    float x[16] = {NAN, 3, -3, 0.5f}, y[16], dy[16] = {1, NAN, 1, NAN}, dx[16];
    arg_defaults(ops->args, l.args);
    CHECK_STATUS(layer_plan(&l), STATUS_OK);
    ops->forward(&l, &p, (const float *const[]){x}, y);
    ops->backward(&l, &p, NULL, y, dy, (float *const[]){dx});
    CHECK(isnan(y[0]) && y[1] == 1 && y[2] == -1 && y[3] == 0.5f);
    CHECK(dx[0] == 1 && dx[1] == 0 && dx[2] == 0 && isnan(dx[3]));
    l.args[0] = l.args[1];
    CHECK_STATUS(layer_plan(&l), STATUS_CONFIG);
    CHECK(strcmp(status_text(), "min_val 1 is not below max_val 1") == 0);
}

/* Layers that normalise make small outputs of large inputs, and their gradient does not grow with the input.
 */
static bool has_parameters(const struct layer_ops *ops)
{
    if (strstr(ops->name, "norm")) return false;
    const struct shape in = shape_2d(4, 3, 3);
    struct layer l = {
        .ops = ops, .kernels = kernels, .in = &in, .input_count = 1, .lanes = LANES, .leaves = 1};
    arg_defaults(ops->args, l.args);
    if (ops->args && ops->args[0].kind == ARG_INT) arg_set(ops->args, 0, 2, l.args);
    if (kernel_of(ops) > 0) arg_set(ops->args, 1, kernel_of(ops), l.args);
    bool has = layer_plan(&l) == STATUS_OK && l.tensor_count > 0;
    layer_free(&l);
    return has;
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    blas_start();
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    int found = 0;
    for (const struct layer_ops *const *ops = layer_registry(); *ops; ops++) {
        if (!has_parameters(*ops)) continue;
        found++;
        for (int many = 0; many < 2; many++) {
            CHECK_CASE_OF((*ops)->name, check_layer(*ops, many));
            CHECK_CASE_OF((*ops)->name, check_inputs(*ops, many));
        }
    }
    CHECK(found >= 2);
    CHECK_CASE(check_factors());
    CHECK_CASE(check_first_bad());
    CHECK_CASE(check_hardtanh());
    CHECK(mem_alive() == 0);
    return check_result();
}
