/* mul.c - the product of several values, element by element. */
#include "nn/export/onnx.h"
#include "nn/export/torch.h"
#include "nn/layers/layer.h"

static void mul_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    int64_t count = shape_features(l->out) * p->lanes;
    l->kernels->mul(count, x[0], x[1], y);
    for (int i = 2; i < l->input_count; i++) l->kernels->mul(count, y, x[i], y);
}

/* The gradient of a factor is dy times all other factors. */
static void mul_backward(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                         float *dy, float *const *dx)
{
    (void)y;
    int64_t count = shape_features(l->out) * p->lanes;
    for (int i = 0; i < l->input_count; i++) {
        const float *so_far = dy;
        for (int other = 0; dx[i] && other < l->input_count; other++) {
            if (other == i) continue;
            l->kernels->mul(count, so_far, x[other], dx[i]);
            so_far = dx[i];
        }
    }
}

static void mul_write_torch(const struct layer *l, const struct torch_call *c)
{
    for (int i = 0; i < l->input_count; i++) fprintf(c->out, "%s%s", i ? " * " : "", c->inputs[i]);
}

static const struct layer_torch torch = {.call = mul_write_torch};

static int mul_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    int y = x[0];
    for (int i = 1; i < l->input_count; i++) y = ONNX_NODE(g, "Mul", y, x[i]);
    return y;
}

extern const struct layer_ops layer_mul;
const struct layer_ops layer_mul = {
    .name = "mul",
    .help = "product of two or more values of the same shape, element by element, as torch.mul",
    .min_inputs = 2,
    .max_inputs = LAYER_MAX_INPUTS,
    .plan = layer_plan_equal,
    .forward = mul_forward,
    .backward = mul_backward,
    .torch = &torch,
    .onnx = mul_onnx,
    .keeps_input = true,
};
