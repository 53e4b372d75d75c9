/* test_shared.c - layers that use the parameters of others: the sums of gradients, statistics, ranges that are
 * ready, and what is refused. */
#include <string.h>

#include "check.h"
#include "core/mem.h"
#include "core/rng.h"
#include "kernels.h"
#include "math/blas.h"
#include "spec.h"

#define LANES    16
#define FEATURES 10
#define FLOATS   4096
#define USERS    3

static const int64_t first_samples[1], live[] = {LANES};

static float values[FLOATS], grads[FLOATS], all_values[FLOATS], all_grads[FLOATS], saved[FLOATS];

/* Three layers of one kind in a chain, with a layer of its own before, between and behind them; they share the
 * parameters of the first if `share`. */
static void chain(struct model_spec *spec, const char *kind, double first, double second, bool share)
{
    memset(spec, 0, sizeof *spec);
    spec->input = shape_flat(FEATURES);
    spec_add(spec, "linear", FEATURES, 0);
    for (int user = 0; user < USERS; user++) {
        spec_add(spec, kind, first, second);
        if (share && user > 0) spec->layers[spec->layer_count - 1].share = user == 1 ? 2 : 4;
        spec_add(spec, "tanh", 0, 0);
    }
    spec_add(spec, "linear", 3, 0);
}

static void fill(float *to, int64_t count, uint64_t number)
{
    for (int64_t i = 0; i < count; i++)
        to[i] = 2 * rng_unit(rng_words(9, RNG_SYNTHETIC, number, (uint64_t)i).v[0]) - 1;
}

static void run(struct model *m, const float *params, float *out, const struct pass_hooks *hooks)
{
    struct pass p = {.params = params,
                     .grads = out,
                     .first_samples = first_samples,
                     .live = live,
                     .lanes = LANES,
                     .leaves = 1,
                     .training = true,
                     .hooks = hooks};
    uint64_t before = mem_allocations();
    fill(model_input(m), FEATURES * LANES, 1);
    model_forward(m, &p);
    fill(model_output_grad(m), shape_features(model_output_shape(m)) * LANES, 2);
    model_backward(m, &p);
    CHECK(mem_allocations() == before);
}

/* The tensors of layer `index` of one model, from those of layer `from` of another. */
static void copy_tensors(const struct model *m, int index, const struct model *other, int from)
{
    const struct layer *to = model_layer(m, index), *source = model_layer(other, from);
    for (int t = 0; t < to->tensor_count; t++)
        memcpy(all_values + to->tensors[t].offset, values + source->tensors[t].offset,
               (size_t)tensor_count(&to->tensors[t]) * sizeof(float));
}

/* The gradients are those of three layers with equal parameters, added from the last to the first, to the bit;
 * statistics are their mean. */
static void check_sums(const char *kind, double first, double second)
{
    static struct model_spec spec;
    struct model *one = NULL, *all = NULL;
    chain(&spec, kind, first, second, true);
    CHECK_STATUS(spec_model(&one, &spec, LANES, 4), STATUS_OK);
    CHECK(model_leaves(one) == 1);
    chain(&spec, kind, first, second, false);
    CHECK_STATUS(spec_model(&all, &spec, LANES, 1), STATUS_OK);
    CHECK(model_param_count(one) < model_param_count(all) && model_param_floats(all) <= FLOATS);
    model_init_params(one, 1, values);
    for (int i = 0; i < model_layer_count(all); i++) copy_tensors(all, i, one, i);
    fill(grads, FLOATS, 3); /* backward overwrites what is there */
    run(one, values, grads, NULL);
    run(all, all_values, all_grads, NULL);
    for (int t = 0; t < model_layer(one, 1)->tensor_count; t++) {
        const struct tensor *own = &model_layer(one, 1)->tensors[t];
        for (int64_t i = 0; i < tensor_count(own); i++) {
            float sum = 0;
            for (int user = USERS; user > 0; user--) {
                float g = all_grads[model_layer(all, 2 * user - 1)->tensors[t].offset + i];
                sum = user == USERS ? g : g + sum;
            }
            if (own->role == TENSOR_STATISTIC) sum /= USERS;
            CHECK(grads[own->offset + i] == sum);
        }
    }
    int last = model_layer_count(one) - 1;
    for (int i = 0; i <= last; i += last) /* the gradients of the others are what they were */
        CHECK(memcmp(grads + model_layer(one, i)->tensors[0].offset,
                     all_grads + model_layer(all, i)->tensors[0].offset,
                     (size_t)tensor_count(&model_layer(one, i)->tensors[0]) * sizeof(float)) == 0);
    model_destroy(&one);
    model_destroy(&all);
}

/* Ranges come from the end to the start, each once, when they are complete. */
struct ready {
    int64_t end;
};

static void take_range(void *self, int64_t first, int64_t count)
{
    struct ready *r = self;
    CHECK(first + count == r->end);
    memcpy(saved + first, grads + first, (size_t)count * sizeof *saved);
    r->end = first;
}

static void test_ready(void)
{
    static struct model_spec spec;
    struct model *m = NULL;
    chain(&spec, "linear", FEATURES, 0, true);
    CHECK_STATUS(spec_model(&m, &spec, LANES, 1), STATUS_OK);
    model_init_params(m, 1, values);
    struct ready r = {model_param_floats(m)};
    const struct pass_hooks hooks = {.grads_ready = take_range, .self = &r};
    run(m, values, grads, &hooks);
    CHECK(r.end == 0);
    for (int i = 0; i < model_layer_count(m); i++)
        for (int t = 0; t < model_layer(m, i)->tensor_count; t++) {
            const struct tensor *own = &model_layer(m, i)->tensors[t];
            CHECK(memcmp(saved + own->offset, grads + own->offset,
                         (size_t)tensor_count(own) * sizeof *grads) == 0);
        }
    model_destroy(&m);
}

static void refuse(const struct model_spec *spec, const char *message)
{
    struct model *m = NULL;
    CHECK_STATUS(spec_model(&m, spec, LANES, 1), STATUS_CONFIG);
    bool good = strncmp(status_text(), message, strlen(message)) == 0;
    CHECK(good);
    if (!good) fprintf(stderr, "  got: %s\n  not: %s\n", status_text(), message);
}

static void test_refusals(void)
{
    static struct model_spec spec;
    chain(&spec, "linear", FEATURES, 0, true);
    spec.layers[3].args[0] = FEATURES + 1;
    refuse(&spec, "model.layers[3] (linear): share: its parameters have other shapes than those of "
                  "model.layers[1] (linear)");
    chain(&spec, "linear", FEATURES, 0, true);
    spec.layers[3].args[1] = 0;
    refuse(&spec, "model.layers[3] (linear): share: its parameters have other shapes");
    chain(&spec, "linear", FEATURES, 0, true);
    spec.layers[3].bias_init.ops = init_find("zeros");
    refuse(&spec, "model.layers[3] (linear): share: init and bias_init are those of the layer");
    chain(&spec, "affine", 0, 0, true);
    spec.layers[3].ops = layer_find("linear");
    spec.layers[3].args[0] = FEATURES;
    refuse(&spec, "model.layers[3] (linear): share: its parameters have other shapes");
}

/* A layer without parameters has none to share. */
static void test_without_parameters(void)
{
    static struct model_spec spec;
    struct model *m = NULL;
    chain(&spec, "relu", 0, 0, true);
    CHECK_STATUS(spec_model(&m, &spec, LANES, 4), STATUS_OK);
    CHECK(model_leaves(m) > 1);
    model_destroy(&m);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    blas_start();
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    CHECK_CASE_OF("linear", check_sums("linear", FEATURES, 0));
    CHECK_CASE_OF("affine", check_sums("affine", 0, 0));
    CHECK_CASE_OF("batchnorm", check_sums("batchnorm", 0, 0));
    CHECK_CASE(test_ready());
    CHECK_CASE(test_refusals());
    CHECK_CASE(test_without_parameters());
    CHECK(mem_alive() == 0);
    return check_result();
}
