/* leaky_relu.c - ReLU with a small slope below 0. */
#include "nn/export/torch.h"
#include "nn/layers/activations/activation.h"

enum { NEGATIVE_SLOPE };
static const struct arg args[] = {
    {.name = "negative_slope",
     .kind = ARG_REAL,
     .default_value = 0.01,
     .max = 1e6,
     .help = "slope for x < 0"},
    ARG_END,
};

static struct activation leaky_relu_describe(const struct layer *l)
{
    return (struct activation){.kind = ACTIVATION_LEAKY_RELU, .a = (float)l->args[NEGATIVE_SLOPE]};
}

static void leaky_relu_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    activation_forward(l, p, leaky_relu_describe(l), x[0], y);
}

static void leaky_relu_backward(const struct layer *l, const struct pass *p, const float *const *x,
                                const float *y, float *dy, float *const *dx)
{
    (void)x;
    activation_backward(l, p, leaky_relu_describe(l), y, dy, dx[0]);
}

static const struct layer_torch torch = {.kind = "LeakyReLU"};

static int leaky_relu_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    int y = ONNX_NODE(g, "LeakyRelu", x[0]);
    onnx_set_real(g, "alpha", l->args[NEGATIVE_SLOPE]);
    return y;
}

extern const struct layer_ops layer_leaky_relu;
const struct layer_ops layer_leaky_relu = {
    .name = "leaky_relu",
    .aliases = LAYER_ALIASES("LeakyReLU"),
    .help = "x for x > 0, else negative_slope * x, as torch.nn.LeakyReLU",
    .args = args,
    .plan = layer_plan_same,
    .forward = leaky_relu_forward,
    .backward = leaky_relu_backward,
    .torch = &torch,
    .onnx = leaky_relu_onnx,
    .keeps_output = true,
    .in_place = true,
};
