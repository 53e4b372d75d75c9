/* Layers and losses against values of PyTorch (tests/reference).
 *
 * The references were computed in float64 from float32 inputs. A result here is a sum of n products in
 * float32, whose error is at most n * 2^-24 times the sum of magnitudes; n is taken from the sizes and
 * magnitudes from the inputs' largest. */
#include <string.h>

#include "check.h"
#include "math/blas.h"
#include "kernels.h"
#include "nn/layers/layer.h"
#include "nn/losses/loss.h"
#include "core/mem.h"
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
    int64_t samples = a->dims[0], features = a->count / samples;
    float *out = floats(features * lanes);
    for (int64_t n = 0; n < samples; n++)
        for (int64_t f = 0; f < features; f++) out[f * lanes + n] = (float)a->values[n * features + f];
    return out;
}

static double largest(const struct reference_array *a)
{
    double most = 0;
    for (int64_t i = 0; i < a->count; i++) most = fmax(most, fabs(a->values[i]));
    return most;
}

static void check_lanes(const struct reference_array *want, const float *have, int64_t lanes, double bound)
{
    int64_t samples = want->dims[0], features = want->count / samples;
    for (int64_t n = 0; n < samples; n++)
        for (int64_t f = 0; f < features; f++)
            CHECK_NEAR(have[f * lanes + n], want->values[n * features + f], bound);
}

static void check_layer(const struct reference_case *c)
{
    const struct reference_array *x = reference_find(c, "x"), *weight = reference_find(c, "weight");
    const struct reference_array *dy = reference_find(c, "dy");
    int64_t lanes = mem_round_floats(x->dims[0]);
    const struct shape in_shape = shape_2d(x->dims[1], x->dims[2], x->dims[3]);
    struct layer l = {.ops = layer_find(c->name),
                      .kernels = kernels,
                      .in = &in_shape,
                      .input_count = 1,
                      .lanes = lanes,
                      .leaves = 1};
    CHECK(l.ops != NULL);
    if (!l.ops) return;
    arg_defaults(l.ops->args, l.args);
    static const char *const names[] = {"kernel", "stride", "padding"};
    for (int i = 0; i < 3; i++)
        arg_set(l.ops->args, arg_find(l.ops->args, names[i]), reference_number(c, names[i]), l.args);
    if (weight) arg_set(l.ops->args, arg_find(l.ops->args, "out"), (double)weight->dims[0], l.args);
    CHECK_STATUS(layer_plan(&l), STATUS_OK);
    CHECK_STATUS(mem_alloc(&l.saved, l.saved_bytes, 1, "test"), STATUS_OK);
    CHECK_STATUS(mem_alloc(&l.scratch, l.scratch_bytes, 1, "test"), STATUS_OK);

    float *params = floats(0), *grads = floats(0);
    if (weight) {
        mem_free(&params), mem_free(&grads);
        l.tensors[1].offset = mem_round_floats(weight->count);
        params = floats(l.tensors[1].offset + 1024), grads = floats(l.tensors[1].offset + 1024);
        for (int64_t i = 0; i < weight->count; i++) params[i] = (float)weight->values[i];
        const struct reference_array *bias = reference_find(c, "bias");
        for (int64_t i = 0; i < bias->count; i++) params[l.tensors[1].offset + i] = (float)bias->values[i];
    }
    float *in = to_lanes(x, lanes), *gradient = to_lanes(dy, lanes);
    float *y = floats(shape_features(l.out) * lanes), *dx = floats(shape_features(in_shape) * lanes);
    struct pass p = {.params = params, .grads = grads, .lanes = lanes, .leaves = 1, .training = true};
    l.ops->forward(&l, &p, (const float *const[]){in}, y);
    l.ops->backward(&l, &p, (const float *const[]){in}, y, gradient, (float *const[]){dx});

    double kernel = reference_number(c, "kernel"), terms = (double)in_shape.c * kernel * kernel + 2;
    double scale = largest(x) * (weight ? largest(weight) : 1);
    check_lanes(reference_find(c, "y"), y, lanes, FLOAT_EPSILON * terms * terms * scale);
    double out_terms = (double)l.out.c * kernel * kernel + 2;
    double back = FLOAT_EPSILON * out_terms * out_terms * largest(dy);
    check_lanes(reference_find(c, "dx"), dx, lanes, back * (weight ? largest(weight) : 1));
    if (weight) {
        double columns = (double)(x->dims[0] * shape_positions(l.out)),
               bound = FLOAT_EPSILON * columns * columns * largest(dy);
        const struct reference_array *dw = reference_find(c, "dweight"), *db = reference_find(c, "dbias");
        for (int64_t i = 0; i < dw->count; i++) CHECK_NEAR(grads[i], dw->values[i], bound * largest(x));
        for (int64_t i = 0; i < db->count; i++)
            CHECK_NEAR(grads[l.tensors[1].offset + i], db->values[i], bound);
    }
    mem_free(&params), mem_free(&grads), mem_free(&in), mem_free(&gradient), mem_free(&y), mem_free(&dx);
    mem_free(&l.saved), mem_free(&l.scratch);
    layer_free(&l);
}

/* Rounding of the exponentials and their sum: a few units in the last place of the probabilities; the loss
 * adds that of the logits' difference, which is as large as the logits. */
static void check_loss(const struct reference_case *c)
{
    const struct reference_array *logits = reference_find(c, "logits"), *labels = reference_find(c, "labels");
    const struct reference_array *loss = reference_find(c, "loss"),
                                 *predicted = reference_find(c, "predicted");
    int64_t samples = logits->dims[0], classes = logits->dims[1], lanes = mem_round_floats(samples);
    float *in = to_lanes(logits, lanes), *gradient = floats(classes * lanes);
    int32_t label[64], argmax[64];
    double losses[64], total = 0;
    for (int64_t n = 0; n < samples; n++) label[n] = (int32_t)labels->values[n], total += loss->values[n];
    struct loss_batch b = {.kernels = kernels,
                           .logits = in,
                           .dlogits = gradient,
                           .classes = classes,
                           .lanes = lanes,
                           .stride = lanes,
                           .live = samples,
                           .labels = label,
                           .losses = losses,
                           .predicted = argmax};
    struct loss l;
    struct arg_values args = {{0}, {NULL}};
    arg_values_defaults(loss_find("cross_entropy")->args, &args);
    struct loss_spec spec = {.ops = loss_find("cross_entropy"),
                             .args = &args,
                             .kind = TARGET_INDEX,
                             .outputs = classes,
                             .threshold = 0.5};
    CHECK_STATUS(loss_init(&l, &spec), STATUS_OK);
    struct loss_sums sums = l.ops->compute(&l, &b);
    double bound = FLOAT_EPSILON * (8 + (double)classes + 2 * largest(logits));
    CHECK_NEAR(sums.loss, total, bound * (double)samples);
    for (int64_t n = 0; n < samples; n++) {
        CHECK_NEAR(losses[n], loss->values[n], bound);
        CHECK(argmax[n] == (int32_t)predicted->values[n]);
    }
    check_lanes(reference_find(c, "gradient"), gradient, lanes,
                FLOAT_EPSILON * (8 + (double)classes) + FLOAT_EPSILON * 2 * largest(logits));
    mem_free(&in), mem_free(&gradient);
}

static void check_file(const char *name, void (*check)(const struct reference_case *c), int least)
{
    struct reference_case c;
    int cases = 0;
    FILE *f = reference_open(name);
    CHECK(f != NULL);
    if (!f) return;
    for (; reference_next(f, &c); cases++) {
        check(&c);
        reference_free(&c);
    }
    fclose(f);
    CHECK(cases >= least);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    blas_start();
    static const char *const levels[] = {"v4", "v3", "v2", "base"};
    for (int i = 0; i < 4; i++) {
        if (select_kernels(levels[i]) != STATUS_OK) continue;
        CHECK_CASE_OF("layers", check_file("layers.txt", check_layer, 25));
        CHECK_CASE_OF("losses", check_file("loss.txt", check_loss, 9));
    }
    CHECK(mem_alive() == 0);
    return check_result();
}
