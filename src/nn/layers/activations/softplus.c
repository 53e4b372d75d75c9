/* softplus.c - smooth approximation of ReLU. */
#include "nn/export/torch.h"
#include "nn/layers/activations/activation.h"

enum { BETA, THRESHOLD };
static const struct arg args[] = {
    {.name = "beta",
     .kind = ARG_REAL,
     .default_value = 1,
     .min = 1e-6,
     .max = 1e6,
     .help = "sharpness of the bend at 0"},
    {.name = "threshold",
     .kind = ARG_REAL,
     .default_value = 20,
     .min = -1e6,
     .max = 1e6,
     .help = "the output is x where beta * x exceeds this"},
    ARG_END,
};

static struct activation softplus_describe(const struct layer *l)
{
    return (struct activation){
        .kind = ACTIVATION_SOFTPLUS, .a = (float)l->args[BETA], .b = (float)l->args[THRESHOLD]};
}

static void softplus_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    activation_forward(l, p, softplus_describe(l), x[0], y);
}

static void softplus_backward(const struct layer *l, const struct pass *p, const float *const *x,
                              const float *y, float *dy, float *const *dx)
{
    (void)y;
    activation_backward(l, p, softplus_describe(l), x[0], dy, dx[0]);
}

static const struct layer_torch torch = {.kind = "Softplus"};

static int softplus_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    int scaled = ONNX_NODE(g, "Mul", x[0], onnx_scalar(g, l->args[BETA]));
    int smooth = ONNX_NODE(g, "Softplus", scaled);
    int above = ONNX_NODE(g, "Greater", scaled, onnx_scalar(g, l->args[THRESHOLD]));
    return ONNX_NODE(g, "Where", above, x[0], ONNX_NODE(g, "Div", smooth, onnx_scalar(g, l->args[BETA])));
}

extern const struct layer_ops layer_softplus;
const struct layer_ops layer_softplus = {
    .name = "softplus",
    .aliases = LAYER_ALIASES("Softplus"),
    .help = "log(1 + exp(beta * x)) / beta, as torch.nn.Softplus",
    .args = args,
    .plan = layer_plan_same,
    .forward = softplus_forward,
    .backward = softplus_backward,
    .torch = &torch,
    .onnx = softplus_onnx,
    .keeps_input = true,
};
