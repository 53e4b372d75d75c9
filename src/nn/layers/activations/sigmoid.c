/* sigmoid.c - logistic function. */
#include "nn/export/torch.h"
#include "nn/layers/activations/activation.h"

static const struct activation sigmoid_function = {.kind = ACTIVATION_SIGMOID};

static void sigmoid_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    activation_forward(l, p, sigmoid_function, x[0], y);
}

static void sigmoid_backward(const struct layer *l, const struct pass *p, const float *const *x,
                             const float *y, float *dy, float *const *dx)
{
    (void)x;
    activation_backward(l, p, sigmoid_function, y, dy, dx[0]);
}

static const struct layer_torch torch = {.kind = "Sigmoid"};

static int sigmoid_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    (void)l;
    return ONNX_NODE(g, "Sigmoid", x[0]);
}

extern const struct layer_ops layer_sigmoid;
const struct layer_ops layer_sigmoid = {
    .name = "sigmoid",
    .aliases = LAYER_ALIASES("Sigmoid"),
    .help = "1 / (1 + exp(-x)), as torch.nn.Sigmoid",
    .plan = layer_plan_same,
    .forward = sigmoid_forward,
    .backward = sigmoid_backward,
    .torch = &torch,
    .onnx = sigmoid_onnx,
    .keeps_output = true,
    .ranges = RANGE_BIT(RANGE_PROBABILITIES),
    .in_place = true,
};
