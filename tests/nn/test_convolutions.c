/* Convolutions and their transposes against values of PyTorch (tests/reference/cases_convolutions.py), by
 * our own kernels and through BLAS.
 *
 * The references were computed in float64 from float32 inputs. A sum of n products in float32 is wrong by
 * at most n * 2^-24 times the sum of the products' magnitudes, which the references give for every result. */
#include <string.h>

#include "check.h"
#include "core/mem.h"
#include "kernels.h"
#include "math/blas.h"
#include "nn/layers/layer.h"
#include "reference.h"

#define FLOAT_EPSILON 5.96e-8

static float *floats(int64_t count)
{
    float *v;
    CHECK_STATUS(mem_alloc(&v, (size_t)count + 16, sizeof *v, "test"), STATUS_OK);
    return v;
}

/* [N][features] of the reference to [features][lanes]. */
static float *to_lanes(const struct reference_array *a, int64_t lanes)
{
    int64_t samples = a->dims[0], features = a->dims[1];
    float *out = floats(features * lanes);
    for (int64_t n = 0; n < samples; n++)
        for (int64_t f = 0; f < features; f++) out[f * lanes + n] = (float)a->values[n * features + f];
    return out;
}

static struct shape shape_in(const struct reference_array *dims)
{
    int64_t sizes[SHAPE_AXES];
    for (int i = 1; i < dims->dims[0]; i++) sizes[i - 1] = (int64_t)dims->values[i];
    return shape_of((int64_t)dims->values[0], (int)dims->dims[0] - 1, sizes);
}

/* The arguments of the case, axis by axis. */
static void set_args(struct layer *l, const struct reference_case *c)
{
    const struct arg *table = l->ops->args;
    arg_defaults(table, l->args);
    for (int i = 0; table[i].name; i++) {
        const struct reference_array *values = reference_find(c, table[i].name);
        double *slots = l->args + arg_slot(table, i) + arg_first_used(&table[i]);
        for (int64_t k = 0; values && k < values->count; k++) slots[k] = values->values[k];
    }
    arg_set(table, 0, reference_find(c, "output")->values[0], l->args);
}

/* Results as the reference has them, [N][features] or flat, where each has `terms` products. */
static void check_near(const struct reference_case *c, const char *name, const float *have, int64_t lanes,
                       double terms)
{
    char size_name[REFERENCE_WORD];
    snprintf(size_name, sizeof size_name, "%s_size", name);
    const struct reference_array *want = reference_find(c, name), *size = reference_find(c, size_name);
    int64_t samples = lanes ? want->dims[0] : 1, features = want->count / samples;
    for (int64_t n = 0; n < samples; n++)
        for (int64_t f = 0; f < features; f++)
            CHECK_NEAR(have[lanes ? f * lanes + n : f], want->values[n * features + f],
                       FLOAT_EPSILON * (terms * 1.01 * size->values[n * features + f] + 1e-6));
}

/* In whole vectors, or with lanes as there are samples. */
static void check_case(const struct reference_case *c, bool whole)
{
    const struct reference_array *x = reference_find(c, "x"), *weight = reference_find(c, "weight"),
                                 *bias = reference_find(c, "bias");
    const struct shape in_shape = shape_in(reference_find(c, "input")),
                       out_shape = shape_in(reference_find(c, "output"));
    int64_t samples = x->dims[0], lanes = whole ? mem_round_floats(samples) : samples,
            second = mem_round_floats(weight->count);
    struct layer l = {.ops = layer_find(c->name),
                      .kernels = kernels,
                      .in = &in_shape,
                      .input_count = 1,
                      .lanes = lanes,
                      .leaves = 1};
    CHECK(l.ops != NULL);
    if (!l.ops) return;
    set_args(&l, c);
    CHECK_STATUS(layer_plan(&l), STATUS_OK);
    CHECK(shape_equal(l.out, out_shape));
    CHECK(l.tensor_count == 2 && tensor_count(&l.tensors[0]) == weight->count);
    CHECK(l.uses_blas || kernels->products == PRODUCTS_AUTO);
    CHECK_STATUS(mem_alloc(&l.scratch, l.scratch_bytes, 1, "test"), STATUS_OK);
    l.tensors[1].offset = second;
    float *params = floats(second + bias->count), *grads = floats(second + bias->count);
    for (int64_t i = 0; i < weight->count; i++) params[i] = (float)weight->values[i];
    for (int64_t i = 0; i < bias->count; i++) params[second + i] = (float)bias->values[i];
    float *in = to_lanes(x, lanes), *gradient = to_lanes(reference_find(c, "dy"), lanes);
    float *y = floats(shape_features(l.out) * lanes), *dx = floats(shape_features(in_shape) * lanes);
    struct pass p = {.params = params, .grads = grads, .lanes = lanes, .leaves = 1, .training = true};
    l.ops->forward(&l, &p, (const float *const[]){in}, y);
    l.ops->backward(&l, &p, (const float *const[]){in}, y, gradient, (float *const[]){dx});

    double terms = (double)weight->count + 4, columns = (double)(lanes * shape_positions(l.out)) + 4;
    if (in_shape.d[AXIS_W] > out_shape.d[AXIS_W]) columns = (double)(lanes * shape_positions(in_shape)) + 4;
    check_near(c, "y", y, lanes, terms);
    check_near(c, "dx", dx, lanes, terms);
    check_near(c, "dweight", grads, 0, columns);
    check_near(c, "dbias", grads + second, 0, columns);
    mem_free(&params), mem_free(&grads), mem_free(&in), mem_free(&gradient), mem_free(&y), mem_free(&dx);
    mem_free(&l.scratch);
    layer_free(&l);
}

static void check_file(void)
{
    struct reference_case c;
    int cases = 0;
    FILE *f = reference_open("convolutions.txt");
    CHECK(f != NULL);
    if (!f) return;
    for (; reference_next(f, &c); cases++) {
        check_case(&c, true);
        check_case(&c, false);
        reference_free(&c);
    }
    fclose(f);
    CHECK(cases >= 40);
}

static const struct shape signal = {2, 1, {1, 1, 5}}, flat = {4, 0, {1, 1, 1}}, volume = {3, 3, {2, 3, 4}};

static enum status plan(const char *kind, const struct shape *in, const char *arg, double value)
{
    struct layer l = {
        .ops = layer_find(kind), .kernels = kernels, .in = in, .input_count = 1, .lanes = 16, .leaves = 1};
    arg_defaults(l.ops->args, l.args);
    arg_set(l.ops->args, arg_find(l.ops->args, "out"), 4, l.args);
    if (arg_find(l.ops->args, "kernel") >= 0) arg_set(l.ops->args, 1, 3, l.args);
    arg_set(l.ops->args, arg_find(l.ops->args, arg), value, l.args);
    enum status status = layer_plan(&l);
    layer_free(&l);
    return status;
}

static void check_refused(const char *kind, const struct shape *in, const char *arg, double value,
                          const char *message)
{
    CHECK_STATUS(plan(kind, in, arg, value), STATUS_CONFIG);
    CHECK(strcmp(status_text(), message) == 0);
    if (strcmp(status_text(), message) != 0) fprintf(stderr, "got: %s\n", status_text());
}

static void test_refusals(void)
{
    CHECK_STATUS(plan("conv1d", &signal, "padding", -1), STATUS_OK); /* same */
    CHECK_STATUS(plan("conv1d", &signal, "padding", -2), STATUS_OK); /* valid */
    check_refused("conv1d", &signal, "kernel", 6,
                  "kernel 6 does not fit into the width of its input, 5 with padding");
    check_refused("conv1d", &signal, "dilation", 3,
                  "kernel 3 with its dilation does not fit into the width of its input, 5 with padding");
    check_refused("conv1d", &signal, "groups", 4, "groups 4 must divide the 2 input and 4 output channels");
    check_refused("conv1d", &volume, "stride", 1,
                  "takes channels and 1 spatial axis, but its input has shape 3 x 2 x 3 x 4");
    check_refused("conv_transpose1d", &signal, "output_padding", 1,
                  "output_padding 1 must be less than stride 1 or dilation 1");
    check_refused("conv_transpose1d", &signal, "padding", 4, "padding 4 and 4 leaves nothing of the output");
}

/* One layer for all positions is a convolution of a window of one element. */
static void test_positions(void)
{
    const struct shape *shapes[] = {&signal, &flat, &volume};
    for (int i = 0; i < 3; i++) {
        struct layer l = {.ops = layer_find("linear"),
                          .kernels = kernels,
                          .in = shapes[i],
                          .input_count = 1,
                          .lanes = 32,
                          .leaves = 2};
        arg_defaults(l.ops->args, l.args);
        l.args[0] = 5;
        arg_set(l.ops->args, arg_find(l.ops->args, "positions"), 1, l.args);
        CHECK_STATUS(layer_plan(&l), STATUS_OK);
        int64_t c = shapes[i]->c, plane = shape_positions(*shapes[i]) * 32;
        CHECK(l.out.c == 5 && shape_positions(l.out) * 32 == plane && l.out.rank == shapes[i]->rank);
        CHECK(l.tensors[0].dims[0] == 5 && l.tensors[0].dims[1] == c);
        CHECK_STATUS(mem_alloc(&l.scratch, l.scratch_bytes, 1, "test"), STATUS_OK);
        float *x = floats(c * plane), *y = floats(5 * plane), *params = floats(64);
        for (int64_t k = 0; k < c * plane; k++) x[k] = (float)(k % 31 - 15) / 8;
        for (int64_t k = 0; k < 64; k++) params[k] = (float)(k % 7 - 3) / 4;
        l.tensors[1].offset = 32;
        struct pass p = {.params = params, .lanes = 32, .leaves = 2};
        l.ops->forward(&l, &p, (const float *const[]){x}, y);
        for (int64_t o = 0; o < 5; o++)
            for (int64_t k = 0; k < plane; k++) {
                float sum = params[32 + o]; /* all numbers are multiples of 1/32: exact */
                for (int64_t j = 0; j < c; j++) sum += params[o * c + j] * x[j * plane + k];
                CHECK(y[o * plane + k] == sum);
            }
        mem_free(&x), mem_free(&y), mem_free(&params), mem_free(&l.scratch);
        layer_free(&l);
    }
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    blas_start();
    static const char *const levels[] = {"v4", "v3", "v2", "base"};
    for (int i = 0; i < 4; i++) {
        if (select_kernels(levels[i]) != STATUS_OK) continue;
        for (int products = PRODUCTS_AUTO; products <= PRODUCTS_BLAS; products++) {
            kernels = kernels_with_products(kernels, (enum products)products);
            CHECK_CASE_OF(products == PRODUCTS_AUTO ? "auto" : "blas", check_file());
            CHECK_CASE_OF(products == PRODUCTS_AUTO ? "auto" : "blas", test_positions());
        }
    }
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    CHECK_CASE(test_refusals());
    CHECK(mem_alive() == 0);
    return check_result();
}
