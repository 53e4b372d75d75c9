/* test_graph.c - models as graphs: the same bits as an evaluation without planned memory, and what is
 * refused. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "kernels.h"
#include "math/blas.h"
#include "naive.h"
#include "nn/model.h"
#include "random_graph.h"
#include "spec.h"

#define GRAPHS 600

static const int64_t first_samples[] = {40, 57};

/* Dead lanes of a leaf hold zeros, as a batch leaves them. */
static void fill(float *v, int64_t rows, int64_t lanes, int64_t live, uint64_t number)
{
    for (int64_t i = 0; i < rows * lanes; i++)
        v[i] = i % 16 < live ? 2 * rng_unit(rng_words(3, RNG_SYNTHETIC, number, (uint64_t)i).v[0]) - 1 : 0;
}

static bool same(const float *a, const float *b, int64_t count)
{
    return memcmp(a, b, (size_t)count * sizeof *a) == 0;
}

/* Outputs, gradients and evaluation of a model against the naive one. */
static bool agrees(const struct model_spec *spec, int64_t leaves, uint64_t number)
{
    int64_t lanes = 16 * leaves;
    static const int64_t live[] = {13, 13};
    struct model *m = NULL;
    struct naive n;
    CHECK_STATUS(spec_model(&m, spec, 16, leaves), STATUS_OK);
    if (model_leaves(m) < leaves) lanes = 16, leaves = 1;
    naive_init(&n, spec, lanes, leaves);
    int64_t params = model_param_floats(m), inputs = shape_features(spec->input),
            outputs = shape_features(model_output_shape(m));
    float *values = naive_floats(params), *mine = naive_floats(params), *theirs = naive_floats(params);
    model_init_params(m, number, values);
    fill(model_input(m), inputs, lanes, 13, number);
    memcpy(n.values[0], model_input(m), (size_t)(inputs * lanes) * sizeof(float));
    struct pass p = {.params = values,
                     .seed = 7,
                     .step = 3,
                     .first_samples = first_samples,
                     .live = live,
                     .lanes = lanes,
                     .leaves = leaves,
                     .training = true};
    uint64_t before = mem_allocations();
    p.grads = mine;
    bool good = true;
    for (int repeat = 0; repeat < 2; repeat++) { /* nothing of the first pass is left for the second one */
        const float *y = model_forward(m, &p);
        good = good && mem_allocations() == before;
        good = good && same(y, naive_forward(&n, &p), outputs * lanes);
        fill(model_output_grad(m), outputs, lanes, 13, number + 1000000);
        model_backward(m, &p);
    }
    CHECK(mem_allocations() == before);
    p.grads = theirs;
    fill(n.grads[n.graph.layer_count], outputs, lanes, 13, number + 1000000);
    naive_backward(&n, &p);
    good = good && same(mine, theirs, params);

    p.training = false;
    p.grads = NULL;
    good = good && same(model_forward(m, &p), naive_forward(&n, &p), outputs * lanes);
    good = good && model_first_bad(m, &p) == NULL;
    mem_free(&values), mem_free(&mine), mem_free(&theirs);
    naive_free(&n);
    model_destroy(&m);
    return good;
}

static void test_random_graphs(void)
{
    static struct model_spec spec;
    int joins = 0, shared = 0;
    for (uint64_t number = 0; number < GRAPHS; number++) {
        random_graph(&spec, number, 2 + (int)(number % 39));
        bool good = agrees(&spec, 1 + (int64_t)(number % 2), number);
        CHECK(good);
        if (!good) fprintf(stderr, "  random graph %d\n", (int)number);
        int readers[MODEL_MAX_LAYERS + 1] = {0}, inputs[LAYER_MAX_INPUTS];
        for (int i = 0; i < spec.layer_count; i++) {
            int count = layer_spec_inputs(&spec, i, inputs);
            joins += count > 1;
            for (int k = 0; k < count; k++) readers[inputs[k]]++;
        }
        for (int v = 1; v < spec.layer_count; v++) shared += readers[v] > 1;
    }
    CHECK(joins > GRAPHS && shared > GRAPHS); /* the networks are no chains */
}

/* conv2d, relu and again: the longer the chain, the more a mistake in the lifetimes would show. */
static void test_long_chain(void)
{
    static struct model_spec spec;
    memset(&spec, 0, sizeof spec);
    spec.input = shape_2d(2, 4, 5);
    for (int i = 0; i < 299; i++) {
        if (i % 3 == 0) {
            spec_add(&spec, "conv2d", 2, 3);
            spec_set(&spec, "padding", 1);
        } else {
            spec_add(&spec, i % 3 == 1 ? "leaky_relu" : "dropout", i % 3 == 1 ? 0 : 0.1, 0);
        }
    }
    spec_add(&spec, "linear", 3, 0);
    CHECK(spec.layer_count == 300);
    CHECK(agrees(&spec, 1, 5));
}

/* The most layers there can be; each of the last ones reads the one before it and one far away. */
static void test_most_layers(void)
{
    static struct model_spec spec;
    memset(&spec, 0, sizeof spec);
    spec.input = shape_flat(3);
    spec_add(&spec, "linear", 3, 0);
    for (int i = 1; i < MODEL_MAX_LAYERS - 1; i++) {
        spec_add(&spec, i % 2 ? "tanh" : "add", 0, 0);
        if (i % 2 == 0) spec_from(&spec, 2, (int[]){i, i > 500 ? i - 500 : 1});
    }
    spec_add(&spec, "linear", 2, 0);
    CHECK(agrees(&spec, 1, 6));
}

/* A chain's evaluation needs the two largest neighbours at a time, training all that backward reads. */
static void test_memory(void)
{
    static struct model_spec spec;
    struct model_memory memory;
    const struct model_options options = {.kernels = kernels, .lanes = 16, .max_leaves = 1};
    memset(&spec, 0, sizeof spec);
    spec.input = shape_flat(1000);
    for (int i = 0; i < 20; i++) spec_add(&spec, "linear", 1000, 0), spec_add(&spec, "tanh", 0, 0);
    CHECK_STATUS(model_measure(&memory, &spec, &options), STATUS_OK);
    size_t value = 1000 * 16 * sizeof(float);
    CHECK(memory.evaluation >= 3 * value && memory.evaluation < 5 * value);
    CHECK(memory.training >= 20 * value && memory.training < 26 * value);
    CHECK(memory.param_floats == 20 * (1000 * 1000 + 1008));
}

/* A network of smooth layers with branches that meet in a sum, a product and a concatenation. */
static void smooth_network(struct model_spec *spec)
{
    memset(spec, 0, sizeof *spec);
    spec->input = shape_2d(2, 5, 4);
    for (int i = 0; i < 2; i++) { /* values 1, 2: both read the input */
        spec_add(spec, "conv2d", 4, 3);
        spec_set(spec, "padding", 1);
        spec_from(spec, 1, (int[]){0});
    }
    spec_add(spec, "tanh", 0, 0); /* 3, of value 2 */
    spec_add(spec, "mul", 0, 0);
    spec_from(spec, 3, (int[]){1, 3, 3});
    spec_add(spec, "add", 0, 0); /* 5 */
    spec_from(spec, 3, (int[]){4, 1, 2});
    spec_add(spec, "softplus", 0, 0);
    spec_add(spec, "concat", 0, 0);
    spec_from(spec, 3, (int[]){6, 5, 3});
    spec_add(spec, "linear", 3, 0);
}

/* sum r y at params + h direction, in double; *size becomes the root of the sum of squares of its terms. */
static double weighed_output(struct model *m, const struct pass *p, const float *params,
                             const float *direction, double h, double *size)
{
    float *moved = (float *)(uintptr_t)p->params;
    for (int64_t i = 0; i < model_param_floats(m); i++) moved[i] = (float)(params[i] + h * direction[i]);
    const float *y = model_forward(m, p);
    double sum = 0;
    *size = 0;
    for (int64_t i = 0; i < 3 * 16; i++) {
        double term = (double)(i % 7 - 3) * (double)y[i];
        sum += term;
        *size += term * term;
    }
    *size = sqrt(*size);
    return sum;
}

/* The derivative along a direction against central differences at two steps, which leaves h^4 of their error;
 * what remains is the rounding of the outputs divided by the step. */
static void test_gradient_of_a_network(void)
{
    static struct model_spec spec;
    struct model *m = NULL;
    smooth_network(&spec);
    CHECK_STATUS(spec_model(&m, &spec, 16, 1), STATUS_OK);
    int64_t count = model_param_floats(m);
    float *params = naive_floats(count), *moved = naive_floats(count), *grads = naive_floats(count),
          *direction = naive_floats(count);
    struct pass p = {.params = moved, .grads = grads, .lanes = 16, .leaves = 1, .training = true};
    model_init_params(m, 3, params);
    fill(model_input(m), 40, 16, 16, 1);
    for (uint64_t trial = 0; trial < 20; trial++) {
        fill(direction, 1, count, 16, 100 + trial);
        for (int64_t i = 0; i < count; i++) direction[i] = params[i] == 0 ? 0 : direction[i]; /* gaps stay */
        const double h = 1.0 / 32;
        double size, exact = 0, quotient[2];
        for (int s = 0; s < 2; s++) {
            double step = h / (1 + s), up = weighed_output(m, &p, params, direction, step, &size);
            quotient[s] = (up - weighed_output(m, &p, params, direction, -step, &size)) / (2 * step);
        }
        weighed_output(m, &p, params, direction, 0, &size);
        for (int64_t i = 0; i < 3 * 16; i++) model_output_grad(m)[i] = (float)(i % 7 - 3);
        model_backward(m, &p);
        for (int64_t i = 0; i < count; i++) exact += (double)grads[i] * (double)direction[i];
        CHECK_NEAR((4 * quotient[1] - quotient[0]) / 3, exact,
                   3 * 16 * 5.96e-8 * 8 * size / h + 1e-3 * fabs(exact));
        CHECK(fabs(exact) > 0.1);
    }
    mem_free(&params), mem_free(&moved), mem_free(&grads), mem_free(&direction);
    model_destroy(&m);
}

static void refuse(struct model_spec *spec, const char *part)
{
    struct model *m = NULL;
    CHECK_STATUS(spec_model(&m, spec, 16, 1), STATUS_CONFIG);
    CHECK(m == NULL && says(part));
}

static void test_refusals(void)
{
    static struct model_spec spec;
    memset(&spec, 0, sizeof spec);
    spec.input = shape_2d(2, 6, 5);
    spec_add(&spec, "conv2d", 4, 3);
    strcpy(spec.layers[0].name, "stem");
    spec_add(&spec, "relu", 0, 0);
    spec_add(&spec, "add", 0, 0);
    refuse(&spec, "model.layers[2] (add): takes 2 to 64 inputs, not 1; list them in 'from'");
    spec_from(&spec, 2, (int[]){2, 0});
    refuse(&spec, "model.layers[2] (add): input 1 has shape 4 x 4 x 3 but input 2 has shape 2 x 6 x 5");
    spec.layers[2].ops = layer_find("concat");
    refuse(&spec, "model.layers[2] (concat): input 1 has shape 4 x 4 x 3 but input 2 has shape 2 x 6 x 5; "
                  "only channels");
    spec.layers[2].ops = layer_find("tanh");
    refuse(&spec, "model.layers[2] (tanh): takes one input, not 2");
    spec_from(&spec, 1, (int[]){0});
    refuse(&spec, "model.layers[1] (relu): no later layer reads its output");
    spec_from(&spec, 1, (int[]){2});
    spec.layers[1].input_count = 1, spec.layers[1].inputs[0] = 0;
    refuse(&spec, "model.layers[0] (conv2d stem): no later layer reads its output");
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    blas_start();
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    CHECK_CASE(test_random_graphs());
    CHECK_CASE(test_long_chain());
    CHECK_CASE(test_most_layers());
    CHECK_CASE(test_memory());
    CHECK_CASE(test_gradient_of_a_network());
    CHECK_CASE(test_refusals());
    CHECK(mem_alive() == 0);
    return check_result();
}
