/* add.c - the sum of several values. */
#include "nn/export/onnx.h"
#include "nn/export/torch.h"
#include "nn/layers/layer.h"

static void add_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    int64_t count = shape_features(l->out) * p->lanes;
    const float *sum = x[0];
    for (int i = 1; i < l->input_count; i++, sum = y)
        if (l->relu_out != 0 && i == l->input_count - 1)
            l->kernels->add_relu(count, l->relu_out, sum, x[i], y);
        else
            l->kernels->add(count, sum, x[i], y);
}

static void add_write_torch(const struct layer *l, const struct torch_call *c)
{
    for (int i = 0; i < l->input_count; i++) fprintf(c->out, "%s%s", i ? " + " : "", c->inputs[i]);
}

static const struct layer_torch torch = {.call = add_write_torch};

static int add_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    int y = x[0];
    for (int i = 1; i < l->input_count; i++) y = ONNX_NODE(g, "Add", y, x[i]);
    return y;
}

extern const struct layer_ops layer_add;
const struct layer_ops layer_add = {
    .name = "add",
    .help = "sum of two or more values of the same shape, as torch.add",
    .min_inputs = 2,
    .max_inputs = LAYER_MAX_INPUTS,
    .plan = layer_plan_equal,
    .forward = add_forward,
    .torch = &torch,
    .onnx = add_onnx,
    .passes_gradient = true,
    .keeps_relu = true,
};
