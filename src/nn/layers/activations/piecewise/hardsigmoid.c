/* hardsigmoid.c - piecewise linear sigmoid. */
#include "nn/export/torch.h"
#include "nn/layers/activations/activation.h"

static const struct activation hardsigmoid_function = {.kind = ACTIVATION_HARDSIGMOID};

static void hardsigmoid_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    activation_forward(l, p, hardsigmoid_function, x[0], y);
}

static void hardsigmoid_backward(const struct layer *l, const struct pass *p, const float *const *x,
                                 const float *y, float *dy, float *const *dx)
{
    (void)x;
    activation_backward(l, p, hardsigmoid_function, y, dy, dx[0]);
}

static const struct layer_torch torch = {.kind = "Hardsigmoid"};

static int hardsigmoid_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    (void)l;
    int y = ONNX_NODE(g, "HardSigmoid", x[0]);
    onnx_set_real(g, "alpha", 1.0 / 6);
    onnx_set_real(g, "beta", 0.5);
    return y;
}

extern const struct layer_ops layer_hardsigmoid;
const struct layer_ops layer_hardsigmoid = {
    .name = "hardsigmoid",
    .aliases = LAYER_ALIASES("Hardsigmoid"),
    .help = "min(max(x + 3, 0), 6) / 6, as torch.nn.Hardsigmoid",
    .plan = layer_plan_same,
    .forward = hardsigmoid_forward,
    .backward = hardsigmoid_backward,
    .torch = &torch,
    .onnx = hardsigmoid_onnx,
    .keeps_output = true,
    .in_place = true,
};
