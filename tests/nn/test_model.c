/* A model: initial values, the same result for a sample wherever and with whomever it lies, and what it
 * refuses. */
#include <string.h>

#include "check.h"
#include "math/blas.h"
#include "kernels.h"
#include "core/mem.h"
#include "nn/model.h"
#include "core/rng.h"
#include "spec.h"

static const int64_t first_samples[1];

static void small_network(struct model_spec *spec)
{
    memset(spec, 0, sizeof *spec);
    spec->input = shape_2d(1, 12, 12);
    spec_add(spec, "conv2d", 5, 3);
    spec_add(spec, "relu", 0, 0);
    spec_add(spec, "maxpool2d", 2, 0);
    spec_add(spec, "dropout", 0.25, 0);
    spec_add(spec, "linear", 7, 0);
}

static float *floats(int64_t count)
{
    float *v;
    CHECK_STATUS(mem_alloc(&v, (size_t)count, sizeof *v, "test"), STATUS_OK);
    return v;
}

static void check_initial_values(const struct model *m)
{
    float *a = floats(model_param_floats(m)), *b = floats(model_param_floats(m));
    model_init_params(m, 4, a);
    model_init_params(m, 4, b);
    CHECK(memcmp(a, b, (size_t)model_param_floats(m) * sizeof *a) == 0);
    model_init_params(m, 5, b);
    CHECK(memcmp(a, b, (size_t)model_param_floats(m) * sizeof *a) != 0);
    double most = 0;
    for (int64_t i = 0; i < 45; i++) most = fmax(most, fabs((double)a[i]));
    CHECK(most <= 1.0 / 3 && most > 0.25);              /* fan_in 9 */
    for (int64_t i = 45; i < 48; i++) CHECK(a[i] == 0); /* the gap after 5 x 9 weights */
    mem_free(&a), mem_free(&b);
}

static void fill_lane(float *input, int64_t features, int64_t lanes, int64_t lane, uint64_t sample)
{
    for (int64_t f = 0; f < features; f++)
        input[f * lanes + lane] = 2 * rng_unit(rng_words(1, RNG_SYNTHETIC, sample, (uint64_t)f).v[0]) - 1;
}

/* Lane n alone in the batch gives the bits it gives in company, forward and backward. */
static void test_lanes_are_independent(const struct model_spec *spec, int64_t lanes)
{
    struct model *m = NULL;
    CHECK_STATUS(spec_model(&m, spec, lanes, 1), STATUS_OK);
    float *params = floats(model_param_floats(m)), *grads = floats(model_param_floats(m));
    float *all = floats(7 * lanes), *gradient = floats(model_param_floats(m));
    model_init_params(m, 1, params);
    struct pass p = {.params = params,
                     .grads = grads,
                     .seed = 2,
                     .first_samples = first_samples,
                     .lanes = lanes,
                     .leaves = 1,
                     .training = true};
    for (int64_t n = 0; n < lanes; n++) fill_lane(model_input(m), 144, lanes, n, (uint64_t)n);
    memcpy(all, model_forward(m, &p), (size_t)(7 * lanes) * sizeof *all);
    for (int64_t i = 0; i < 7 * lanes; i++) model_output_grad(m)[i] = (float)(i % 5) - 2;
    model_backward(m, &p);
    memcpy(gradient, grads, (size_t)model_param_floats(m) * sizeof *grads);

    double total = 0, parts = 0; /* of one weight's gradient, over lanes */
    total = gradient[0];
    for (int64_t n = 0; n < lanes; n++) {
        memset(model_input(m), 0, (size_t)(144 * lanes) * sizeof(float));
        fill_lane(model_input(m), 144, lanes, n, (uint64_t)n);
        const float *y = model_forward(m, &p);
        for (int64_t k = 0; k < 7; k++) CHECK(y[k * lanes + n] == all[k * lanes + n]);
        memset(model_output_grad(m), 0, (size_t)(7 * lanes) * sizeof(float));
        for (int64_t k = 0; k < 7; k++)
            model_output_grad(m)[k * lanes + n] = (float)((k * lanes + n) % 5) - 2;
        model_backward(m, &p);
        parts += grads[0];
    }
    CHECK_NEAR(parts, total, 6e-8 * 1000 * (1 + fabs(total)));
    mem_free(&params), mem_free(&grads), mem_free(&all), mem_free(&gradient);
    model_destroy(&m);
}

/* conv2d, relu, conv2d, batchnorm, relu, conv2d, relu, maxpool2d, linear; or the same with means of one element around
 * each relu, which change nothing but keep it apart from its neighbours. One relu may `follow` each. */
static void relu_and_pool(struct model_spec *spec, const char *relu, const char *follow, bool apart,
                          const char *pool, int size)
{
    static const double out[] = {5, 6, 4};
    memset(spec, 0, sizeof *spec);
    spec->input = shape_2d(2, 11, 12);
    for (int i = 0; i < 3; i++) {
        spec_add(spec, "conv2d", out[i], i < 2 ? 3 : 1);
        if (i == 1) spec_add(spec, "batchnorm", 0, 0);
        if (apart) spec_add(spec, "avgpool2d", 1, 0);
        spec_add(spec, relu, 0, 0);
        if (apart) spec_add(spec, "avgpool2d", 1, 0);
        if (follow) spec_add(spec, follow, 0, 0);
        if (follow && apart) spec_add(spec, "avgpool2d", 1, 0);
    }
    spec_add(spec, pool, size, 0);
    spec_add(spec, "linear", 7, 0);
}

static float *outputs_and_gradients(const struct model_spec *spec, int64_t *count)
{
    struct model *m = NULL;
    CHECK_STATUS(spec_model(&m, spec, 32, 1), STATUS_OK);
    int64_t params = model_param_floats(m);
    float *all = floats(7 * 32 + params), *values = floats(params);
    model_init_params(m, 1, values);
    for (int64_t i = 0; i < params; i++) values[i] *= 4; /* beyond the limit of relu6 */
    struct pass p = {.params = values, .grads = all + 7 * 32, .lanes = 32, .leaves = 1, .training = true};
    for (int64_t n = 0; n < 32; n++) fill_lane(model_input(m), 264, 32, n, (uint64_t)n);
    memcpy(all, model_forward(m, &p), 7 * 32 * sizeof *all);
    for (int64_t i = 0; i < 7 * 32; i++) model_output_grad(m)[i] = (float)(i % 5) - 2;
    model_backward(m, &p);
    mem_free(&values);
    model_destroy(&m);
    *count = 7 * 32 + params;
    return all;
}

/* Neither fusing a ReLU with its neighbours nor running it after the pooling changes a bit. */
static void test_stages(const char *relu, const char *follow, const char *pool, int size)
{
    struct model_spec together, apart;
    relu_and_pool(&together, relu, follow, false, pool, size);
    relu_and_pool(&apart, relu, follow, true, pool, size);
    int64_t count, same;
    float *a = outputs_and_gradients(&together, &count), *b = outputs_and_gradients(&apart, &same);
    CHECK(count == same && memcmp(a, b, (size_t)count * sizeof *a) == 0);
    mem_free(&a), mem_free(&b);
}

/* Gives every required argument the value 0.5. Returns false where that is none: an integer. */
static bool fill_required(const struct arg *table, double values[ARG_MAX])
{
    for (int i = 0; table && table[i].name; i++) {
        if (!isnan(values[arg_slot(table, i) + arg_first_used(&table[i])])) continue;
        if (table[i].kind != ARG_REAL) return false;
        arg_set(table, i, 0.5, values);
    }
    return true;
}

/* Whether the layer keeps the shape of its input, has no parameters and draws no random numbers, which would
 * depend on its place. */
static bool keeps_shape(const struct layer_ops *ops)
{
    const struct shape in = shape_2d(2, 3, 4);
    struct layer l = {.ops = ops, .kernels = kernels, .in = &in, .input_count = 1, .lanes = 16, .leaves = 1};
    if (ops->min_inputs > 1 || arg_find(ops->args, "p") >= 0) return false;
    if (strcmp(ops->name, "instancenorm") == 0) return false; /* lets no gradient through a single position */
    arg_defaults(ops->args, l.args);
    if (!fill_required(ops->args, l.args)) return false;
    bool keeps = layer_plan(&l) == STATUS_OK && l.tensor_count == 0 && shape_equal(l.out, in);
    layer_free(&l);
    return keeps;
}

/* conv2d, the activation, maxpool2d, the activation, sigmoid, the activation, linear, the activation; `apart`
 * as above. Input and output are those of relu_and_pool. */
static void activated(struct model_spec *spec, const struct layer_ops *activation, bool apart)
{
    static const char *const neighbours[] = {"conv2d", "maxpool2d", "sigmoid", "linear"};
    static const double first[] = {5, 2, 0, 7}, second[] = {3, 0, 0, 0};
    memset(spec, 0, sizeof *spec);
    spec->input = shape_2d(2, 11, 12);
    for (int i = 0; i < 4; i++) {
        spec_add(spec, neighbours[i], first[i], second[i]);
        if (apart && strcmp(neighbours[i], "linear") != 0) spec_add(spec, "avgpool2d", 1, 0);
        spec_add(spec, activation->name, 0, 0);
        fill_required(activation->args, spec->layers[spec->layer_count - 1].args);
        if (apart) spec_add(spec, "avgpool2d", 1, 0);
    }
}

/* Layers that keep the shape and have no parameters: in place or not, with any neighbour, they give the same
 * bits as alone. */
static void test_activations_among_others(void)
{
    int tested = 0;
    for (int i = 0; layer_registry()[i]; i++) {
        const struct layer_ops *ops = layer_registry()[i];
        if (!keeps_shape(ops)) continue;
        struct model_spec together, apart;
        activated(&together, ops, false);
        activated(&apart, ops, true);
        int64_t count, same;
        float *a = outputs_and_gradients(&together, &count), *b = outputs_and_gradients(&apart, &same);
        CHECK(count == same && memcmp(a, b, (size_t)count * sizeof *a) == 0);
        double most = 0;
        for (int64_t g = 7 * 32; g < count; g++) most = fmax(most, fabs((double)a[g]));
        CHECK(most > 0);
        mem_free(&a), mem_free(&b);
        tested++;
    }
    CHECK(tested >= 20);
}

/* Two virtual ranks side by side give the bits of each by itself, and the sum of their gradients. */
static void test_leaves_are_separate(const struct layer_ops *activation)
{
    struct model_spec spec;
    activated(&spec, activation, false);
    struct model *m = NULL;
    CHECK_STATUS(spec_model(&m, &spec, 16, 2), STATUS_OK);
    CHECK(model_leaves(m) == 2);
    int64_t params = model_param_floats(m);
    float *values = floats(params), *grads[3], *logits = floats(3 * 7 * 32);
    model_init_params(m, 1, values);
    for (int pass = 0; pass < 3; pass++) { /* 0, 1: one of them; 2: both */
        int64_t lanes = pass == 2 ? 32 : 16;
        grads[pass] = floats(params);
        struct pass p = {
            .params = values, .grads = grads[pass], .lanes = lanes, .leaves = lanes / 16, .training = true};
        memset(model_input(m), 0,
               (size_t)(264 * lanes) * sizeof(float)); /* lanes without a sample: 13 to 15 */
        for (int64_t n = 0; n < lanes; n++)
            if (n % 16 < 13)
                fill_lane(model_input(m), 264, lanes, n, (uint64_t)(pass == 2 ? n : n + 16 * pass));
        memcpy(logits + pass * 7 * 32, model_forward(m, &p), (size_t)(7 * lanes) * sizeof *logits);
        for (int64_t i = 0; i < 7 * lanes; i++)
            model_output_grad(m)[i] = i % lanes % 16 < 13 ? (float)((i / lanes + i % 16) % 5) - 2 : 0;
        model_backward(m, &p);
    }
    for (int64_t k = 0; k < 7; k++)
        for (int64_t n = 0; n < 32; n++)
            CHECK(logits[2 * 7 * 32 + k * 32 + n] == logits[n / 16 * 7 * 32 + k * 16 + n % 16]);
    for (int64_t i = 0; i < params; i++) CHECK(grads[2][i] == grads[0][i] + grads[1][i]);
    for (int pass = 0; pass < 3; pass++) mem_free(&grads[pass]);
    mem_free(&values), mem_free(&logits);
    model_destroy(&m);
}

/* Slices of 16 lanes: two to a pass, or as many as a network with more parameters than activations may have.
 */
static void test_leaves(void)
{
    struct model *m = NULL;
    struct model_spec spec;
    small_network(&spec);
    static const int64_t most[] = {1, 2, 8}, few[] = {1, 2, 2}, many[] = {1, 2, 8};
    for (int i = 0; i < 3; i++) {
        CHECK_STATUS(spec_model(&m, &spec, 16, most[i]), STATUS_OK);
        CHECK(model_leaves(m) == few[i]);
        model_destroy(&m);
    }
    memset(&spec, 0, sizeof spec);
    spec.input = shape_flat(300);
    spec_add(&spec, "linear", 300, 0);
    for (int i = 0; i < 3; i++) {
        CHECK_STATUS(spec_model(&m, &spec, 16, most[i]), STATUS_OK);
        CHECK(model_leaves(m) == many[i]);
        model_destroy(&m);
    }
    CHECK_STATUS(spec_model(&m, &spec, 512, 8), STATUS_OK);
    CHECK(model_leaves(m) == 1);
    model_destroy(&m);
}

static void test_refusals(void)
{
    struct model *m = NULL;
    struct model_spec spec;
    small_network(&spec);
    arg_set(spec.layers[0].ops->args, 1, 13, spec.layers[0].args); /* kernel larger than the input */
    CHECK_STATUS(spec_model(&m, &spec, 16, 1), STATUS_CONFIG);
    CHECK(strstr(status_text(), "model.layers[0] (conv2d)") != NULL);
    spec.layer_count = 0;
    CHECK_STATUS(spec_model(&m, &spec, 16, 1), STATUS_CONFIG);
    small_network(&spec);
    spec.layers[4].args[0] = 1 << 24;
    spec.input = shape_2d(1 << 10, 1 << 10, 1 << 10);
    CHECK_STATUS(spec_model(&m, &spec, 16, 1), STATUS_CONFIG);
}

static void test_small_network(const struct model_spec *spec)
{
    struct model *m = NULL;
    CHECK_STATUS(spec_model(&m, spec, 32, 1), STATUS_OK);
    CHECK(model_param_count(m) == 5 * 9 + 5 + 125 * 7 + 7);
    CHECK(model_param_floats(m) == 48 + 16 + 880 + 16);
    CHECK(model_output_shape(m).c == 7);
    check_initial_values(m);
    uint64_t before = mem_allocations();
    struct pass p = {.params = floats(model_param_floats(m)), .lanes = 32, .leaves = 1};
    for (int i = 0; i < 3; i++) model_forward(m, &p);
    CHECK(mem_allocations() == before + 1); /* the one above: a pass allocates nothing */
    mem_free(&p.params);
    model_destroy(&m);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    struct model_spec spec;
    blas_start();
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    small_network(&spec);
    CHECK_CASE(test_small_network(&spec));
    CHECK_CASE(test_lanes_are_independent(&spec, 16));
    CHECK_CASE(test_lanes_are_independent(&spec, 48));
    CHECK_CASE(test_leaves());
    static const char *const activations[] = {"leaky_relu", "elu",  "gelu",    "silu",       "softplus",
                                              "sigmoid",    "tanh", "softmax", "log_softmax"};
    CHECK_CASE(test_activations_among_others());
    for (int i = 0; i < 9; i++)
        CHECK_CASE_OF(activations[i], test_leaves_are_separate(layer_find(activations[i])));
    static const char *const relus[][2] = {
        {"relu", NULL}, {"relu6", NULL}, {"relu6", "relu"}, {"relu", "relu6"}};
    for (int i = 0; i < 4; i++) {
        CHECK_CASE_OF(relus[i][0], test_stages(relus[i][0], relus[i][1], "maxpool2d", 2));
        CHECK_CASE_OF(relus[i][0], test_stages(relus[i][0], relus[i][1], "maxpool2d", 3));
        CHECK_CASE_OF(relus[i][0], test_stages(relus[i][0], relus[i][1], "adaptive_maxpool2d", 3));
        CHECK_CASE_OF(relus[i][0], test_stages(relus[i][0], relus[i][1], "global_maxpool", 0));
    }
    CHECK_CASE(test_refusals());
    CHECK(mem_alive() == 0);
    return check_result();
}
