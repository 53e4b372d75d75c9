/* relu6.c - ReLU that is limited at 6. */
#include "nn/layers/activations/activation.h"

static const struct activation relu6_function = {.kind = ACTIVATION_CLAMP, .a = 0, .b = 6};

static void relu6_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    activation_forward(l, p, relu6_function, x[0], y);
}

static void relu6_backward(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                           float *dy, float *const *dx)
{
    (void)x;
    activation_backward(l, p, relu6_function, y, dy, dx[0]);
}

extern const struct layer_ops layer_relu6;
const struct layer_ops layer_relu6 = {
    .name = "relu6",
    .aliases = LAYER_ALIASES("ReLU6"),
    .help = "min(max(x, 0), 6), as torch.nn.ReLU6",
    .plan = layer_plan_same,
    .forward = relu6_forward,
    .backward = relu6_backward,
    .keeps_output = true,
    .in_place = true,
};
