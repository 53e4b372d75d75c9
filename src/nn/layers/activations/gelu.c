/* gelu.c - Gaussian error linear unit. */

#include "nn/export/torch.h"
#include <math.h>
#include "nn/layers/activations/activation.h"

static const char *const approximations[] = {"none", "tanh", NULL};
enum { EXACT, BY_TANH }; /* of approximations */

enum { APPROXIMATE };
static const struct arg args[] = {
    {.name = "approximate",
     .kind = ARG_CHOICE,
     .default_value = EXACT,
     .help = "use the tanh approximation",
     .choices = approximations},
    ARG_END,
};

static struct activation gelu_describe(const struct layer *l)
{
    return (struct activation){.kind =
                                   l->args[APPROXIMATE] == BY_TANH ? ACTIVATION_GELU_TANH : ACTIVATION_GELU};
}

static void gelu_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    activation_forward(l, p, gelu_describe(l), x[0], y);
}

static void gelu_backward(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                          float *dy, float *const *dx)
{
    (void)y;
    activation_backward(l, p, gelu_describe(l), x[0], dy, dx[0]);
}

static const struct layer_torch torch = {.kind = "GELU"};

static int gelu_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    int inner, half = ONNX_NODE(g, "Mul", x[0], onnx_scalar(g, 0.5));
    if (l->args[APPROXIMATE] == BY_TANH) {
        int cube = ONNX_NODE(g, "Mul", ONNX_NODE(g, "Mul", x[0], x[0]), x[0]);
        int sum = ONNX_NODE(g, "Add", x[0], ONNX_NODE(g, "Mul", cube, onnx_scalar(g, 0.044715)));
        inner = ONNX_NODE(g, "Tanh", ONNX_NODE(g, "Mul", sum, onnx_scalar(g, M_SQRT2 * M_2_SQRTPI / 2)));
    } else {
        inner = ONNX_NODE(g, "Erf", ONNX_NODE(g, "Mul", x[0], onnx_scalar(g, M_SQRT1_2)));
    }
    return ONNX_NODE(g, "Mul", half, ONNX_NODE(g, "Add", inner, onnx_scalar(g, 1)));
}

extern const struct layer_ops layer_gelu;
const struct layer_ops layer_gelu = {
    .name = "gelu",
    .aliases = LAYER_ALIASES("GELU"),
    .help = "x * Phi(x), Phi the standard normal CDF, as torch.nn.GELU",
    .args = args,
    .plan = layer_plan_same,
    .forward = gelu_forward,
    .backward = gelu_backward,
    .torch = &torch,
    .onnx = gelu_onnx,
    .keeps_input = true,
};
