/* test_onnx.c - graphs of ONNX: one tensor for all that share it, names, short memory. */
#include <string.h>

#include "check.h"
#include "core/mem.h"
#include "nn/export/onnx_spatial.h"

static const float params[64];
static struct tensor tensors[] = {{.name = "weight", .rank = 2, .dims = {3, 4}},
                                  {.name = "bias", .rank = 1, .dims = {3}, .offset = 16}};

static struct layer make_layer(const char *name)
{
    return (struct layer){.name = name, .tensors = tensors, .tensor_count = 2};
}

static void test_tensors(void)
{
    struct onnx g;
    struct layer one = make_layer("one"), other = make_layer("other");
    onnx_init(&g, params);
    onnx_begin(&g, "one");
    int weight = onnx_parameter(&g, &one, 0), bias = onnx_parameter(&g, &one, 1);
    onnx_begin(&g, "other");
    CHECK(weight != bias && onnx_parameter(&g, &other, 0) == weight && onnx_parameter(&g, &other, 1) == bias);
    CHECK(g.values[weight]->data == params && g.values[bias]->data == params + 16);
    CHECK(strcmp(g.values[weight]->name, "one.weight") == 0);

    int image = onnx_channels(&g, &other, 1, shape_2d(3, 5, 6)); /* the same numbers with other axes */
    CHECK(image != bias && g.values[image]->rank == 3 && g.values[image]->dims[0] == 3);
    CHECK(g.values[image]->dims[1] == 1 && strcmp(g.values[image]->name, g.values[bias]->name) != 0);
    onnx_free(&g);
}

/* Names of all values differ, also where a graph grows. */
static void test_names(void)
{
    struct onnx g;
    onnx_init(&g, params);
    int x = onnx_input(&g, "input", ONNX_F32, shape_2d(2, 3, 4));
    for (int i = 0; i < 100; i++) {
        char name[8];
        snprintf(name, sizeof name, "l%d", i);
        onnx_begin(&g, name);
        x = ONNX_NODE(&g, "Relu", ONNX_NODE(&g, "Relu", x));
    }
    onnx_output(&g, "y", x, shape_2d(2, 3, 4));
    onnx_output(&g, "z", x, shape_2d(2, 3, 4)); /* the same value under a second name */
    CHECK(g.status == STATUS_OK && g.count == 202);
    for (int i = 0; i < g.count; i++)
        for (int k = 0; k < i; k++) CHECK(strcmp(g.values[i]->name, g.values[k]->name) != 0);
    CHECK(strcmp(g.values[1]->name, "l0/Relu") == 0 && strcmp(g.values[2]->name, "l0/Relu_1") == 0);
    onnx_free(&g);
}

/* Only what changes something becomes a node. */
static void test_what_changes_nothing(void)
{
    struct onnx g;
    struct shape shape = shape_2d(2, 3, 4);
    const struct pad none = {.in = shape, .out = shape},
                     cut = {.in = shape, .out = shape_2d(2, 3, 2), .after = {0, 0, -2}};
    onnx_init(&g, params);
    int x = onnx_input(&g, "input", ONNX_F32, shape);
    CHECK(onnx_reshape(&g, x, shape, shape) == x && onnx_pad(&g, x, &none) == x);
    int y = onnx_pad(&g, x, &cut);
    CHECK(strcmp(g.values[y]->op, "Slice") == 0);
    CHECK(onnx_axis(shape, AXIS_D) == -1 && onnx_axis(shape, AXIS_H) == 2 && onnx_axis(shape, AXIS_W) == 3);
    onnx_free(&g);
}

/* A graph without memory takes all calls, and keeps the status. */
static void test_short_memory(void)
{
    struct onnx g;
    float *values;
    struct layer l = make_layer("one");
    struct upsample u = {
        .in = shape_2d(2, 3, 4), .out = shape_2d(2, 5, 7), .linear = true, .scale = {0, 1.7, 1.8}};
    onnx_init(&g, params);
    g.status = STATUS_OTHER;
    int x = onnx_input(&g, "input", ONNX_F32, u.in);
    CHECK(x == ONNX_NONE && onnx_parameter(&g, &l, 0) == ONNX_NONE && onnx_upsample(&g, x, &u) == ONNX_NONE);
    CHECK(onnx_new_floats(&g, 1, (int64_t[]){3}, &values) == ONNX_NONE && !values);
    onnx_set_int(&g, "axis", 1);
    onnx_output(&g, "y", x, u.in);
    CHECK(g.count == 0 && g.status == STATUS_OTHER);
    onnx_free(&g);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_tensors());
    CHECK_CASE(test_names());
    CHECK_CASE(test_what_changes_nothing());
    CHECK_CASE(test_short_memory());
    CHECK(mem_alive() == 0);
    return check_result();
}
