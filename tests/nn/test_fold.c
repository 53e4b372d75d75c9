/* Batch norm folded into the convolution before it, in evaluation: the same outputs as by itself, but for
 * rounding, and the same bits in any company.
 *
 * A folded product differs by the rounding of its weight, and the sum by one more of its bias: outputs are
 * of the order of 1, sums of at most 200 products of about that size. */
#include <string.h>

#include "check.h"
#include "core/mem.h"
#include "core/rng.h"
#include "spec.h"

#define FLOAT_EPSILON 5.96e-8

static float draw(int64_t i)
{
    return 2 * rng_unit(rng_words(5, RNG_SYNTHETIC, 17, (uint64_t)i).v[0]) - 1;
}

struct way {
    const char *conv, *between;
    struct shape input;
    bool bias, affine, relu;
    int64_t groups;
};

/* `apart` puts a layer between convolution and batch norm that changes nothing. */
static void describe(struct model_spec *spec, const struct way *w, bool apart)
{
    memset(spec, 0, sizeof *spec);
    spec->input = w->input;
    spec_add(spec, w->conv, 6, 3);
    struct layer_spec *conv = &spec->layers[0];
    arg_set(conv->ops->args, arg_find(conv->ops->args, "bias"), w->bias, conv->args);
    arg_set(conv->ops->args, arg_find(conv->ops->args, "groups"), (double)w->groups, conv->args);
    if (apart) spec_add(spec, w->between, 1, 0);
    spec_add(spec, "batchnorm", 0, 0);
    struct layer_spec *norm = &spec->layers[spec->layer_count - 1];
    arg_set(norm->ops->args, arg_find(norm->ops->args, "affine"), w->affine, norm->args);
    if (w->relu) spec_add(spec, "relu", 0, 0);
    spec_add(spec, "flatten", 0, 0);
}

/* Outputs [features][lanes]. Variances are positive. */
static float *evaluate(const struct way *w, bool apart, int64_t lanes, int64_t leaves, int64_t *features)
{
    struct model_spec spec;
    struct model *m;
    describe(&spec, w, apart);
    CHECK_STATUS(spec_model(&m, &spec, lanes, leaves), STATUS_OK);
    float *params, *y;
    CHECK_STATUS(mem_alloc(&params, (size_t)model_param_floats(m), sizeof *params, "test"), STATUS_OK);
    for (int64_t i = 0; i < model_param_floats(m); i++) params[i] = 0.5f + 0.25f * draw(i);
    lanes *= model_leaves(m);
    for (int64_t f = 0; f < shape_features(w->input); f++)
        for (int64_t n = 0; n < lanes; n++) model_input(m)[f * lanes + n] = draw(1000 + f * 64 + n % 16);
    struct pass p = {.params = params, .lanes = lanes, .leaves = model_leaves(m)};
    *features = shape_features(model_output_shape(m));
    CHECK_STATUS(mem_alloc(&y, (size_t)(*features * 16), sizeof *y, "test"), STATUS_OK);
    const float *outputs = model_forward(m, &p);
    CHECK(model_first_bad(m, &p) == NULL);
    for (int64_t f = 0; f < *features; f++)
        memcpy(y + f * 16, outputs + f * lanes + lanes - 16, 16 * sizeof *y);
    mem_free(&params);
    model_destroy(&m);
    return y;
}

static void check_way(const struct way *w)
{
    int64_t features, same, differ = 0;
    float *folded = evaluate(w, false, 16, 1, &features), *apart = evaluate(w, true, 16, 1, &same);
    float *beside = evaluate(w, false, 16, 2, &same);
    CHECK(same == features && memcmp(folded, beside, (size_t)(features * 16) * sizeof *folded) == 0);
    for (int64_t i = 0; i < features * 16; i++) {
        CHECK_NEAR(folded[i], apart[i], 200 * FLOAT_EPSILON * (8 + fabs((double)apart[i])));
        differ += folded[i] != apart[i];
    }
    CHECK(differ > 0); /* it was folded */
    mem_free(&folded), mem_free(&apart), mem_free(&beside);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    static const int64_t length[] = {13}, image[] = {7, 9}, volume[] = {4, 5, 6};
    const struct shape shapes[] = {shape_of(4, 1, length), shape_of(4, 2, image), shape_of(4, 3, volume)};
    static const char *const convs[] = {"conv1d", "conv2d", "conv3d"};
    static const char *const between[] = {"avgpool1d", "avgpool2d", "avgpool3d"};
    for (int i = 0; i < 3; i++)
        for (int bits = 0; bits < 16; bits++) {
            const struct way w = {.conv = convs[i],
                                  .between = between[i],
                                  .input = shapes[i],
                                  .bias = bits & 1,
                                  .affine = bits & 2,
                                  .relu = bits & 4,
                                  .groups = bits & 8 ? 2 : 1};
            CHECK_CASE_OF(convs[i], check_way(&w));
        }
    CHECK(mem_alive() == 0);
    return check_result();
}
