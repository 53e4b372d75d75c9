/* Activations against values of PyTorch (tests/reference/activations.txt), every option, at every level.
 *
 * The references were computed in float64 from float32 inputs. An elementwise result is good to a few units
 * in the last place (tests/math/test_activation.c), and what rounding its argument does is no larger than
 * that of a result of 1: the slopes are at most about 1, and so is the size of x times the slope where the
 * function is not x itself. Sums over the classes add one rounding per class to each magnitude in them. */
#include <string.h>

#include "check.h"
#include "kernels.h"
#include "math/exact.h"
#include "nn/layers/layer.h"
#include "core/mem.h"
#include "reference.h"

/* [N][features] of the reference to [features][lanes]; NULL gives zeros. */
static float *to_lanes(const struct reference_array *a, int64_t features, int64_t lanes)
{
    float *out = exact_vector(features * lanes, 0);
    for (int64_t i = 0; a && i < a->count; i++)
        out[i % features * lanes + i / features] = (float)a->values[i];
    return out;
}

/* A layer on one case: y and dx, [features][lanes]. */
static void run(const struct reference_case *c, struct layer *l, bool in_place, float **y, float **dx)
{
    int64_t features = shape_features(l->in[0]);
    float *x = to_lanes(reference_find(c, "x"), features, l->lanes);
    float *dy = to_lanes(reference_find(c, "dy"), features, l->lanes);
    *y = in_place ? x : exact_vector(features * l->lanes, 0);
    *dx = in_place ? dy : exact_vector(features * l->lanes, 0);
    struct pass p = {.lanes = l->lanes, .leaves = 1, .training = true};
    l->ops->forward(l, &p, (const float *const[]){x}, *y);
    l->ops->backward(l, &p, (const float *const[]){l->ops->keeps_input ? x : NULL},
                     l->ops->keeps_output ? *y : NULL, dy, (float *const[]){*dx});
    if (in_place) return;
    free(x), free(dy);
}

static void check_values(const struct reference_case *c, const struct layer *l, const float *y,
                         const float *dx)
{
    const struct reference_array *want = reference_find(c, "y"), *slope = reference_find(c, "dx"),
                                 *dy = reference_find(c, "dy");
    int64_t features = shape_features(l->in[0]);
    double classes = strstr(c->name, "softmax") ? (double)l->in[0].c : 1, most = 0;
    for (int64_t i = 0; i < dy->count; i++) most = fmax(most, fabs(dy->values[i]));
    for (int64_t i = 0; i < want->count; i++) {
        int64_t at = i % features * l->lanes + i / features;
        CHECK_NEAR(y[at], want->values[i], FLOAT_EPSILON * (8 + classes) * (1 + fabs(want->values[i])));
        CHECK_NEAR(dx[at], slope->values[i], FLOAT_EPSILON * (8 + classes) * (1 + classes) * most);
    }
    for (int64_t i = 0; i < features; i++) /* lanes without a sample */
        for (int64_t n = dy->dims[0]; n < l->lanes; n++)
            CHECK(isfinite(y[i * l->lanes + n]) && dx[i * l->lanes + n] == 0);
}

static void check_layer(const struct reference_case *c, bool dense)
{
    const struct reference_array *x = reference_find(c, "x");
    const struct shape in = shape_2d(x->dims[1], x->dims[2], x->dims[3]);
    struct layer l = {.ops = layer_find(c->name),
                      .kernels = kernels,
                      .in = &in,
                      .input_count = 1,
                      .lanes = dense ? x->dims[0] : mem_round_floats(x->dims[0]),
                      .leaves = 1};
    CHECK(l.ops != NULL);
    if (!l.ops) return;
    arg_defaults(l.ops->args, l.args);
    for (int i = 0; l.ops->args && l.ops->args[i].name; i++)
        if (reference_find(c, l.ops->args[i].name)) l.args[i] = reference_number(c, l.ops->args[i].name);
    CHECK_STATUS(layer_plan(&l), STATUS_OK);
    float *y, *dx, *again, *dx_again;
    run(c, &l, false, &y, &dx);
    check_values(c, &l, y, dx);
    if (l.ops->in_place) {
        run(c, &l, true, &again, &dx_again);
        size_t bytes = (size_t)(shape_features(in) * l.lanes) * sizeof *y;
        CHECK(memcmp(y, again, bytes) == 0 && memcmp(dx, dx_again, bytes) == 0);
        free(again), free(dx_again);
    }
    free(y), free(dx);
}

static void check_file(void)
{
    struct reference_case c;
    int cases = 0;
    FILE *f = reference_open("activations.txt");
    CHECK(f != NULL);
    if (!f) return;
    for (; reference_next(f, &c); cases++) {
        CHECK_CASE_OF(c.name, check_layer(&c, false));
        CHECK_CASE_OF(c.name, check_layer(&c, true));
        reference_free(&c);
    }
    fclose(f);
    CHECK(cases == 32 * 6);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    static const char *const levels[] = {"v4", "v3", "v2", "base"};
    for (int i = 0; i < 4; i++)
        if (select_kernels(levels[i]) == STATUS_OK) check_file();
    CHECK(mem_alive() == 0);
    return check_result();
}
