/* Layers along the spatial axes and with parameters of channels, against values of PyTorch
 * (tests/reference/spatial.txt), and each virtual rank against itself alone, at every level.
 *
 * The references were computed in float64 from float32 inputs. An output is a sum of at most as many inputs
 * as a sample has, times factors that add up to at most 1 (or of one product), so its error is at most that
 * number and a few roundings of the factors times 2^-24 of the largest input. A gradient adds as many
 * outputs, each with a factor of at most 1. */
#include <string.h>

#include "check.h"
#include "kernels.h"
#include "nn/layers/layer.h"
#include "core/mem.h"
#include "reference.h"

#define FLOAT_EPSILON 5.96e-8
#define LEAVES        4

static float *floats(int64_t count)
{
    float *v;
    CHECK_STATUS(mem_alloc(&v, (size_t)count + 16, sizeof *v, "test"), STATUS_OK);
    return v;
}

static double largest(const struct reference_array *a)
{
    double most = 0;
    for (int64_t i = 0; i < a->count; i++) most = fmax(most, fabs(a->values[i]));
    return most;
}

static struct shape shape_of_array(const struct reference_array *a)
{
    return shape_of(a->dims[1], a->rank - 2, a->dims + 2);
}

/* A layer between its values, all leaves side by side. */
struct scene {
    const struct reference_case *c;
    struct shape in[2];
    struct layer l;
    int64_t samples, leaves, leaf_lanes;
    float *params, *grads, *x, *y, *dy, *dx;
};

/* A number sets all axes; a list those there are, from the last. */
static void read_argument(const struct reference_array *a, const struct arg *table, int index, double *args)
{
    if (a->rank == 0) {
        arg_set(table, index, a->values[0], args);
        return;
    }
    int slot = arg_slot(table, index) + arg_slots(&table[index]) - (int)a->count;
    for (int64_t i = 0; i < a->count; i++) args[slot + i] = a->values[i];
}

static void read_layer(struct scene *s)
{
    struct layer *l = &s->l;
    const struct reference_array *x = reference_find(s->c, "x"), *like = reference_find(s->c, "like");
    *l = (struct layer){.ops = layer_find(s->c->name), .kernels = kernels, .in = s->in};
    CHECK(l->ops != NULL);
    s->in[0] = shape_of_array(x);
    if (like) s->in[1] = shape_of_array(like);
    l->input_count = like ? 2 : 1;
    l->leaves = s->leaves, l->lanes = s->leaves * s->leaf_lanes;
    s->samples = x->dims[0];
    arg_defaults(l->ops->args, l->args);
    for (int i = 0; l->ops->args && l->ops->args[i].name; i++) {
        const struct reference_array *a = reference_find(s->c, l->ops->args[i].name);
        if (a && strcmp(a->name, "bias") != 0) read_argument(a, l->ops->args, i, l->args);
    }
    CHECK_STATUS(layer_plan(l), STATUS_OK);
}

/* [N][features] of the reference to [features][lanes]: sample n of every leaf, times the leaf's number; as
 * many as there are lanes for. */
static void fill(const struct scene *s, const struct reference_array *a, float *out)
{
    int64_t features = a->count / s->samples, lanes = s->l.lanes;
    for (int64_t leaf = 0; leaf < s->leaves; leaf++)
        for (int64_t i = 0; i < a->count && i / features < s->leaf_lanes; i++)
            out[i % features * lanes + leaf * s->leaf_lanes + i / features] =
                (float)(a->values[i] * (double)(leaf + 1));
}

static void place(struct scene *s, const struct reference_case *c, int64_t leaves, int64_t leaf_lanes)
{
    *s = (struct scene){.c = c, .leaves = leaves, .leaf_lanes = leaf_lanes};
    read_layer(s);
    struct layer *l = &s->l;
    int64_t floats_of_params = 0, in = shape_features(s->in[0]) * l->lanes,
            out = shape_features(l->out) * l->lanes;
    CHECK_STATUS(mem_alloc(&l->saved, l->saved_bytes, 1, "test"), STATUS_OK);
    CHECK_STATUS(mem_alloc(&l->scratch, l->scratch_bytes, 1, "test"), STATUS_OK);
    for (int t = 0; t < l->tensor_count; t++) {
        l->tensors[t].offset = floats_of_params;
        floats_of_params += mem_round_floats(tensor_count(&l->tensors[t]));
    }
    s->params = floats(floats_of_params), s->grads = floats(floats_of_params);
    for (int t = 0; t < l->tensor_count; t++) {
        const struct reference_array *a = reference_find(c, l->tensors[t].name);
        for (int64_t i = 0; i < a->count; i++) s->params[l->tensors[t].offset + i] = (float)a->values[i];
    }
    s->x = floats(in), s->dx = floats(in), s->y = floats(out), s->dy = floats(out);
    fill(s, reference_find(c, "x"), s->x);
    fill(s, reference_find(c, "dy"), s->dy);
}

static void release(struct scene *s)
{
    float **all[] = {&s->params, &s->grads, &s->x, &s->y, &s->dy, &s->dx};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) mem_free(all[i]);
    mem_free(&s->l.saved), mem_free(&s->l.scratch);
    layer_free(&s->l);
}

static void run(struct scene *s)
{
    const struct layer *l = &s->l;
    struct pass p = {
        .params = s->params, .grads = s->grads, .lanes = l->lanes, .leaves = l->leaves, .training = true};
    l->ops->forward(l, &p, (const float *const[]){s->x, NULL}, s->y);
    float *kept = floats(shape_features(l->out) * l->lanes); /* backward may destroy dy */
    memcpy(kept, s->dy, (size_t)(shape_features(l->out) * l->lanes) * sizeof *kept);
    l->ops->backward(l, &p, (const float *const[]){l->ops->keeps_input ? s->x : NULL, NULL},
                     l->ops->keeps_output ? s->y : NULL, kept, (float *const[]){s->dx, NULL});
    mem_free(&kept);
}

static void check_lanes(const struct scene *s, const char *name, const float *have, double bound)
{
    const struct reference_array *want = reference_find(s->c, name);
    int64_t features = want->count / s->samples;
    for (int64_t i = 0; i < want->count && i / features < s->leaf_lanes; i++)
        CHECK_NEAR(have[i % features * s->l.lanes + i / features], want->values[i], bound);
}

static void check_values(const struct scene *s)
{
    double in = (double)shape_features(s->in[0]), out = (double)shape_features(s->l.out), weight = 1;
    for (int t = 0; t < s->l.tensor_count; t++)
        weight = fmax(weight, largest(reference_find(s->c, s->l.tensors[t].name)));
    double x = fmax(largest(reference_find(s->c, "x")), 1), dy = largest(reference_find(s->c, "dy"));
    CHECK(shape_features(s->l.out) * s->samples == reference_find(s->c, "y")->count);
    check_lanes(s, "y", s->y, FLOAT_EPSILON * (in + 8) * 2 * weight * x);
    check_lanes(s, "dx", s->dx, FLOAT_EPSILON * (out + 8) * out * weight * x * dy);
    for (int t = 0; t < s->l.tensor_count; t++) {
        char name[32];
        snprintf(name, sizeof name, "d%s", s->l.tensors[t].name);
        const struct reference_array *want = reference_find(s->c, name);
        double terms = in * (double)s->samples;
        for (int64_t i = 0; i < want->count; i++)
            CHECK_NEAR(s->grads[s->l.tensors[t].offset + i], want->values[i],
                       FLOAT_EPSILON * terms * terms * x * dy);
    }
}

/* Lanes of one leaf, of [features][lanes of all]. */
static int same_leaf(const float *all, int64_t lanes, int64_t at, const float *alone, int64_t leaf_lanes,
                     int64_t features)
{
    int equal = 1;
    for (int64_t f = 0; f < features; f++)
        equal &= memcmp(all + f * lanes + at, alone + f * leaf_lanes, (size_t)leaf_lanes * sizeof *all) == 0;
    return equal;
}

static void copy_leaf(const float *all, int64_t lanes, int64_t at, float *alone, int64_t leaf_lanes,
                      int64_t features)
{
    for (int64_t f = 0; f < features; f++)
        memcpy(alone + f * leaf_lanes, all + f * lanes + at, (size_t)leaf_lanes * sizeof *all);
}

/* A leaf in company has the bits that it has alone, and gradients of parameters are added as a tree. */
static void check_leaves(const struct reference_case *c, int64_t leaf_lanes)
{
    struct scene all, one[LEAVES];
    place(&all, c, LEAVES, leaf_lanes);
    run(&all);
    for (int64_t leaf = 0; leaf < LEAVES; leaf++) {
        struct scene *s = &one[leaf];
        place(s, c, 1, leaf_lanes);
        copy_leaf(all.x, all.l.lanes, leaf * leaf_lanes, s->x, leaf_lanes, shape_features(s->in[0]));
        copy_leaf(all.dy, all.l.lanes, leaf * leaf_lanes, s->dy, leaf_lanes, shape_features(s->l.out));
        run(s);
        CHECK(same_leaf(all.y, all.l.lanes, leaf * leaf_lanes, s->y, leaf_lanes, shape_features(s->l.out)));
        CHECK(same_leaf(all.dx, all.l.lanes, leaf * leaf_lanes, s->dx, leaf_lanes, shape_features(s->in[0])));
    }
    for (int t = 0; t < all.l.tensor_count; t++)
        for (int64_t i = 0; i < tensor_count(&all.l.tensors[t]); i++) {
            int64_t at = all.l.tensors[t].offset + i;
            float sum = (one[0].grads[at] + one[1].grads[at]) + (one[2].grads[at] + one[3].grads[at]);
            CHECK(memcmp(&sum, &all.grads[at], sizeof sum) == 0);
        }
    for (int leaf = 0; leaf < LEAVES; leaf++) release(&one[leaf]);
    release(&all);
}

/* Samples without lanes to spare have the values of the reference, and the bits that they have with them. */
static void check_samples_alone(const struct reference_case *c, const struct scene *filled)
{
    for (int64_t lanes = 1; lanes <= 5; lanes++) {
        struct scene s;
        place(&s, c, 1, lanes);
        run(&s);
        check_values(&s);
        int64_t in = shape_features(s.in[0]), out = shape_features(s.l.out);
        float *y = floats(out * lanes), *dx = floats(in * lanes);
        copy_leaf(filled->y, filled->l.lanes, 0, y, lanes, out);
        copy_leaf(filled->dx, filled->l.lanes, 0, dx, lanes, in);
        CHECK(memcmp(y, s.y, (size_t)(out * lanes) * sizeof *y) == 0);
        CHECK(memcmp(dx, s.dx, (size_t)(in * lanes) * sizeof *dx) == 0);
        mem_free(&y), mem_free(&dx);
        release(&s);
    }
}

static void check_case_of_file(const struct reference_case *c)
{
    struct scene s;
    place(&s, c, 1, 16);
    run(&s);
    check_values(&s);
    if (s.l.tensor_count == 0 && strcmp(c->name, "glu") != 0) check_samples_alone(c, &s);
    release(&s);
    check_leaves(c, 16);
    check_leaves(c, 48);
}

static void check_file(void)
{
    struct reference_case c;
    int cases = 0;
    FILE *f = reference_open("spatial.txt");
    CHECK(f != NULL);
    if (!f) return;
    for (; reference_next(f, &c); cases++) {
        CHECK_CASE_OF(c.name, check_case_of_file(&c));
        reference_free(&c);
    }
    fclose(f);
    CHECK(cases >= 250);
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
