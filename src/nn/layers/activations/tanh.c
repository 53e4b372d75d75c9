/* tanh.c - hyperbolic tangent. */
#include "nn/export/torch.h"
#include "nn/layers/activations/activation.h"

static const struct activation tanh_function = {.kind = ACTIVATION_TANH};

static void tanh_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    activation_forward(l, p, tanh_function, x[0], y);
}

static void tanh_backward(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                          float *dy, float *const *dx)
{
    (void)x;
    activation_backward(l, p, tanh_function, y, dy, dx[0]);
}

static const struct layer_torch torch = {.kind = "Tanh"};

static int tanh_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    (void)l;
    return ONNX_NODE(g, "Tanh", x[0]);
}

extern const struct layer_ops layer_tanh;
const struct layer_ops layer_tanh = {
    .name = "tanh",
    .aliases = LAYER_ALIASES("Tanh"),
    .help = "hyperbolic tangent, as torch.nn.Tanh",
    .plan = layer_plan_same,
    .forward = tanh_forward,
    .backward = tanh_backward,
    .torch = &torch,
    .onnx = tanh_onnx,
    .keeps_output = true,
    .in_place = true,
};
